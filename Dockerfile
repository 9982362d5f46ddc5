# The site's image. It is built without secrets. Web, workers and beat use the same image with
# different commands (compose.yaml), so the health check of web is in compose.yaml.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /site
# A fixed user id, so that files in the volume of posters keep their owner after a new build.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin site \
    && install --directory --owner=site .data media metrics

# Packages first: they change less often than the code, so this layer stays in the build cache.
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock

# Root owns the code. The site can read it, and can write only to .data, media and metrics.
COPY . .
RUN python manage.py collectstatic --noinput

USER site
EXPOSE 8000 8002
CMD ["python", "-m", "bookmyshow.serving.web", "bookmyshow.wsgi"]
