# Reve Studio for one machine: `docker compose up -d`. See docs/deploy.md.
FROM python:3.11-slim-bookworm AS packages
# Any word here adds what signs pictures (C2PA): --build-arg WITH_C2PA=yes
ARG WITH_C2PA=""
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.txt requirements-c2pa.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt ${WITH_C2PA:+-r requirements-c2pa.txt}

FROM python:3.11-slim-bookworm
# 1000 because Hugging Face runs every container as that user. The data folder is for nobody else to read.
RUN groupadd --gid 1000 studio \
    && useradd --uid 1000 --gid 1000 --home-dir /home/studio --create-home --shell /usr/sbin/nologin studio \
    && install -d -o 1000 -g 1000 -m 700 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY app.py LICENSE NOTICE ./
COPY .streamlit .streamlit
COPY pages pages
COPY reve_core reve_core
# Once, here: the app itself cannot write beside its code.
RUN /opt/venv/bin/python -m compileall -q app.py pages reve_core
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    REVE_DATA_DIR=/data
USER 1000:1000
VOLUME /data
EXPOSE 8501
# The first one drains, see docs/decisions/0009-stopping.md; give it the time: --stop-timeout, stop_grace_period.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8501/healthz', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
