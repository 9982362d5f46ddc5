# The site's image, built without a secret; what runs in it is the command (see compose.yaml).
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /site
RUN useradd --system --no-create-home site && install -d -o site media metrics

COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock

COPY . .
RUN python manage.py collectstatic --noinput

USER site
EXPOSE 8000
CMD ["python", "-m", "bookmyshow.web", "bookmyshow.wsgi"]
