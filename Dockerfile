# digitlab for others: `docker build -t digitlab .`, then
# `docker run -p 8501:8501 -v digitlab:/data digitlab`.
FROM python:3.12-slim

WORKDIR /app
COPY requirements.txt requirements-app.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . .

# Whatever visitors make outlives the container.
RUN useradd --uid 1000 --create-home digitlab && mkdir /data && chown 1000 /data
USER 1000
# Threads share two heaps: what large uploads took is given back sooner.
ENV MALLOC_ARENA_MAX=2
ENV DIGITLAB_CACHE=/data/cache DIGITLAB_DATASETS=/data/datasets DIGITLAB_MODELS=/data/models \
    DIGITLAB_RUNS=/data/runs DIGITLAB_STUDIES=/data/studies KERAS_HOME=/data/keras
VOLUME /data

EXPOSE 8501
HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://localhost:8501/_stcore/health')"]
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.fileWatcherType", "none"]
