"""Lesson 09's terminal pictures, in the order in which they are recorded. Process numbers are left out."""

from labsupport.lessons.pictures import Terminal

CRUN = 'printf \'{"runtimes": {"crun": {"path": "%s"}}}\' "$(own-engine crun)" > "$(own-engine dir)/daemon.json"'

PICTURES = (
    Terminal("ctr", (
        "@docker run -d --name sleeper busybox sleep 3600",
        "engine-host ctr namespaces ls -q | grep moby",
        "engine-host ctr -n moby containers ls",
        "engine-host ctr -n moby tasks ls -q",
    )),
    Terminal("process-tree", (
        "@own-engine up",
        "docker --context own run -d --name one busybox sleep 3600",
        "own-engine ps | sed 1d | cut -c 12-",
    )),
    Terminal("crun", (
        f"@{CRUN}",
        "@own-engine signal dockerd HUP",
        "docker --context own run -d --name three --runtime crun busybox sleep 3600",
        "docker --context own inspect --format '{{.Name}} {{.HostConfig.Runtime}}' one three",
        "@own-engine down",
    )),
)  # fmt: skip
