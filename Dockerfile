# One image for every service process: `docker run guanjia intake front`.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/guanjia
WORKDIR /src
COPY requirements.txt .
RUN /opt/guanjia/bin/pip install -r requirements.txt
COPY pyproject.toml ./
COPY shared shared
COPY services services
COPY tools tools
RUN /opt/guanjia/bin/pip install --no-deps . && /opt/guanjia/bin/python -m compileall -q /opt/guanjia

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin guanjia
COPY --from=build /opt/guanjia /opt/guanjia
COPY tools/stack/probe.py /opt/guanjia/probe.py
ENV PATH=/opt/guanjia/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0
USER 10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "tools.stack.serve"]
