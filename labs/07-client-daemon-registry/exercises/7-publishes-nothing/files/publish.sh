# The nightly job. It has no DOCKER_HOST, and it must not depend on anybody's own settings.
cd "$(dirname "$0")" || exit 1
unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH
docker --config client tag DISH 127.0.0.1:5001/TEAM/DISH:nightly &&
    docker --config client push 127.0.0.1:5001/TEAM/DISH:nightly
