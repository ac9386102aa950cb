"""Lesson 03: what several of its exercises share."""

SDK = "python3 -c 'import docker; client = docker.from_env(); %s'"
