FROM lua:5.4
WORKDIR /app
COPY sieve.lua ./
RUN lua sieve.lua 2000000 > primes.txt
COPY factor.lua ./
ENTRYPOINT ["lua", "factor.lua"]
CMD ["2027"]
