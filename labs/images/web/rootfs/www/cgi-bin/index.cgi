#!/bin/sh
# httpd runs this for "/", as there is no index.html
printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
cat <<PAGE
<!doctype html>
<html lang="en">
<title>Hello from a container</title>
<style>body { font: 1.2em/1.5 sans-serif; max-width: 34em; margin: 3em auto; padding: 0 1em }</style>
<h1>${GREETING:-Hello from a container}</h1>
<p>This page was made by the container <code>$(hostname)</code>.</p>
</html>
PAGE
