"""Lesson 08's terminal pictures, in the order in which they are recorded. Process numbers are left out."""

from labsupport.lessons.pictures import Terminal

UNPACK = "docker export $(docker create busybox) | tar -x -C bundle/rootfs"
CONFIGURE = """sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"sleep", "1000"/' bundle/config.json"""
STATUS = "engine-host runc state trip | grep status"
PROCESS = "engine-host runc ps trip -eo pid,comm | awk '{ print $2 }'"

PICTURES = (
    Terminal("oci-layout", (
        "@docker pull busybox",
        "mkdir layout && docker save busybox | tar -x -C layout",
        "find layout -type f | sort",
        "cat layout/oci-layout",
        "python3 -m json.tool layout/index.json",
    ), scratch=True),
    Terminal("runc-run", (
        f"mkdir -p bundle/rootfs && {UNPACK}",
        "engine-host runc spec --bundle bundle",
        "ls bundle",
        "@engine-host runc delete --force first",
        ("engine-host runc run --bundle bundle first", "hostname", "ps", "exit"),
    ), scratch=True),
    Terminal("runc-create", (
        "@engine-host runc delete --force trip",
        CONFIGURE,
        "engine-host runc create --bundle bundle trip </dev/null >/dev/null 2>&1",
        STATUS,
        PROCESS,
        "engine-host runc start trip",
        f"@until {PROCESS} | grep sleep; do sleep 0.05; done",
        STATUS,
        PROCESS,
        "engine-host runc kill trip KILL",
        f"@until {STATUS} | grep stopped; do sleep 0.05; done",
        STATUS,
        "engine-host runc delete trip",
        "engine-host runc list -q | wc -l",
    ), scratch=True),
)  # fmt: skip
