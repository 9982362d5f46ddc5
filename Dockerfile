# The site's image, built without a secret. Web, workers and beat are the same image with another
# command (compose.yaml), so the check of web's health is there and not here.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /site
# A fixed number: the volume of posters keeps its owner when the image is built again.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin site \
    && install --directory --owner=site .data media metrics

# The packages first: they change less often than the code, and this layer is used again.
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock

# Root owns the code: the site can read it, and writes to .data, media and metrics alone.
COPY . .
RUN python manage.py collectstatic --noinput

USER site
EXPOSE 8000
CMD ["python", "-m", "bookmyshow.serving.web", "bookmyshow.wsgi"]
