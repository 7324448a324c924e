# The site, built and served: docker build -t logits-handbook . && docker run -p 8080:8080 logits-handbook
# Behind a firewall, name your own mirrors: --build-arg TORCH_INDEX=… PIP_INDEX_URL=… NPM_CONFIG_REGISTRY=…
FROM python:3.11-slim-bookworm AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG PIP_INDEX_URL
ARG NPM_CONFIG_REGISTRY
RUN apt-get update \
  && apt-get install -y --no-install-recommends git make \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /handbook
# what changes seldom comes first: a changed page does not fetch torch again
COPY Makefile pyproject.toml constraints.txt package.json package-lock.json ./
RUN python -m venv .venv \
  && .venv/bin/pip install --quiet --index-url "$TORCH_INDEX" \
    "torch==$(sed -n 's/^torch==//p' constraints.txt)" \
  && make setup
COPY . .
ARG SITE_URL=http://127.0.0.1:8080/
ARG REPO_URL
ARG SOURCE_DATE_EPOCH
RUN touch .venv/bin/.ready && make build

FROM nginx:1.28-alpine
COPY hosting/nginx.conf /etc/nginx/nginx.conf
COPY --from=build /handbook/site /etc/nginx/html
USER nginx
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s CMD wget -q --spider http://127.0.0.1:8080/
CMD ["nginx", "-g", "daemon off; pid /tmp/nginx.pid;"]
