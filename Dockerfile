# The app with the checkpoints of this repository, for any host:
#
#     docker build -t vaegen . && docker run --rm -p 7860:7860 vaegen
#
# TORCH_INDEX may name an index with smaller wheels of torch (those without CUDA):
#     docker build --build-arg TORCH_INDEX=ADDRESS -t vaegen .
FROM python:3.11-slim

ARG TORCH_INDEX=""

RUN useradd --create-home --uid 1000 vaegen
WORKDIR /home/vaegen/app

# What changes seldom comes first: a new version of the code builds in seconds.
COPY requirements.txt .
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' requirements.txt)" \
    && pip install --no-cache-dir -r requirements.txt "mcp>=1.21,<2"

COPY --chown=vaegen app.py LICENSE README.md ./
COPY --chown=vaegen vaegen vaegen
COPY --chown=vaegen checkpoints checkpoints

USER vaegen
ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=4)"]

# Options of `vaegen app` may follow the name of the image: docker run ... vaegen --mcp --root-path /lab/vaegen
ENTRYPOINT ["python", "app.py"]
