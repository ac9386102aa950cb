"""Lesson 01: what several of its exercises share."""

SDK = "python3 -c 'import docker; engine = docker.from_env(); %s'"
