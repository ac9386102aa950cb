FROM lua:5.4 AS table
WORKDIR /app
COPY sieve.lua ./
RUN lua sieve.lua 2000000 > primes.txt

FROM table AS test
COPY factor.lua ./
RUN test "$(lua factor.lua 91)" = "91 = 7 x 13"

FROM scratch
COPY --from=busybox /bin/busybox /bin/grep
COPY --from=table /app/primes.txt /
ENTRYPOINT ["/bin/grep", "-x", "/primes.txt", "-e"]
CMD ["2027"]
