"""04.3 An image from a container."""

from labsupport.exercises.author import *

from ...shared import chain


def added(image: str) -> Look:
    """How many layers `image` has above those of busybox; a text when it does not stand on them."""

    @look(f"docker image inspect --format '{{{{json .RootFS.Layers}}}}' busybox {image}")
    def layers(lab: Lab) -> int | str:
        found = chain(lab, image)
        with lab.throwaway("busybox", ["true"]):  # fetches it where the name is gone
            lab.forget()
            below = chain(lab, "busybox")
            if identity.is_image("busybox", "busybox").fetch(lab) != "busybox":
                return "what is called busybox here is another image"
        return len(found) - len(below) if found[: len(below)] == below else "it does not stand on busybox"

    return layers


@look("docker run --rm --entrypoint cat {image}:{edition} /menu")
def menu(lab: Lab) -> list[str] | str:
    """The lines of /menu; another text where there is no such file."""
    said = str(probes.run("{image}:{edition}", ["/menu"], entrypoint=["cat"]).fetch(lab))
    return [line.strip() for line in said[8:].splitlines()] if said.startswith("exit 0: ") else said


FILLED = "docker run --name {image}-kitchen --label course.lab=04.3 busybox sh -c 'echo {token} > /menu'"
KEEP = "docker commit -m '{message}' {image}-kitchen {image}:{edition}"

EXERCISE = Exercise(
    id="04.3",
    title="An image from a container",
    goal="Make the image `{image}:{edition}` out of a container of `busybox`, without a Dockerfile: it adds one layer "
    "with the file /menu, in which the line `{token}` is. The message of the commit is `{message}`.",
    seeds={
        "image": Name("inn"),
        "edition": Pick(("1", "7", "autumn", "spring")),
        "message": Pick(("first menu", "menu of the week", "the new menu")),
        "token": Token(),
    },
    scene=Scene(commands=("docker pull -q busybox",)),
    owns=("container:{image}-kitchen", "image:{image}:{edition}", "image:{image}", "image:{image}:draft"),
    steps=(
        Step(
            "file",
            Probe(
                "a container of {image}:{edition} has the line {token} in /menu",
                menu,
                expect.includes("{token}"),
                mistakes=(
                    Mistake(
                        "committed before it was written",
                        "`docker commit` takes the files as they are at that moment.",
                        expect.contains("No such file"),
                    ),
                ),
            ),
        ),
        Step(
            "message",
            State(
                "its message is `{message}`",
                looks.image("{image}:{edition}", ".Comment"),
                expect.equals("{message}"),
                mistakes=(
                    Mistake(
                        "built from a Dockerfile",
                        "here the image is to come out of a container, by `docker commit -m`.",
                        lambda lab, value: (
                            "buildkit" in str(value)
                            or "#(nop)" in str(lab.history("{image}:{edition}")[0].get("CreatedBy"))
                        ),
                    ),
                    Mistake(
                        "no message",
                        "`docker commit -m MESSAGE CONTAINER IMAGE` gives it one; `docker build` gives none.",
                        expect.absent(),
                    ),
                ),
            ),
            after="file",
        ),
        Step(
            "layer",
            State(
                "it is busybox and one layer more",
                added("{image}:{edition}"),
                expect.equals(1),
                mistakes=(
                    Mistake(
                        "flattened",
                        "`docker import` puts all files into one new layer, and shares none.",
                        lambda lab, value: isinstance(value, str),
                    ),
                    Mistake(
                        "two commits",
                        "every commit adds a layer: make all changes in one container.",
                        expect.equals(2),
                    ),
                ),
            ),
            after="file",
        ),
    ),
    solution=(FILLED, KEEP),
    right=(
        Right("copied into a container that never ran", (
            "docker create --name {image}-kitchen --label course.lab=04.3 busybox:latest",
            "printf 'today\\n{token}\\nbread\\n' > menu; docker cp menu {image}-kitchen:/menu",
            KEEP.replace("-m ", "--pause=false --message ").replace("docker commit", "docker container commit"),
        )),
        Right("by exec, with an entrypoint, the container gone, once more", (
            "docker run -d --name {image}-kitchen --label course.lab=04.3 busybox sleep 3600", KEEP,
            "docker exec {image}-kitchen sh -c 'echo {token} > /menu'",
            KEEP.replace("docker commit", "docker commit -c 'ENTRYPOINT [\"ls\"]'"), "docker rm -f {image}-kitchen",
        )),
        Right("by the SDK", (FILLED, SDK % (
            'engine.containers.get("{image}-kitchen").commit("{image}", "{edition}", message="{message}")'),)),
    ),
    wrong=(
        Wrong("in another line", (FILLED.replace("echo {token}", "echo no {token} today"), KEEP),
              says="has the line {token}"),
        Wrong("of another image", (FILLED.replace(" busybox ", " lua:5.4 "), KEEP), says="it is busybox and one layer"),
        Wrong("of another image that is called busybox",
              ("docker pull -q lua:5.4; docker tag lua:5.4 busybox", FILLED, KEEP, "docker pull -q busybox"),
              says="it is busybox and one layer"),
        Wrong("without a message", (FILLED, KEEP.replace("-m '{message}'", "")), says="its message is"),
        Wrong(
            "built",
            (
                "printf 'FROM busybox\\nRUN echo {token} > /menu\\nCMD [\"sh\"]\\n' | "
                "docker build -q -t {image}:{edition} --label course.lab=04.3 -",
            ),
            says="built from a Dockerfile",
        ),
        Wrong("without a tag", (FILLED, KEEP.replace(":{edition}", "")), says="there is no image called"),
        Wrong(
            "too early",
            (FILLED.replace("echo {token} > /menu", "true"), KEEP),
            says="committed before it was written",
        ),
        Wrong(
            "imported",
            (FILLED, "docker export {image}-kitchen | docker import -m '{message}' - {image}:{edition}"),
            says="flattened",
        ),
        Wrong(
            "committed twice",
            (
                FILLED.replace("echo {token} > /menu", "touch /menu"),
                "docker commit {image}-kitchen {image}:draft",
                "docker rm {image}-kitchen",
                FILLED.replace(" busybox ", " {image}:draft "),
                KEEP,
            ),
            says="two commits",
        ),
    ),
    minutes=6,
)  # fmt: skip
