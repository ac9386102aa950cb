FROM busybox
WORKDIR /srv
RUN mkdir data && chown 1000 data
USER 1000
CMD ["sh", "-c", "id -u; touch /srv/data/visit && echo written"]
