"""04.7 The release that lost its name."""

from labsupport.exercises.author import *

RELEASE = (
    "docker create --name {image}-c --label course.lab={id} busybox echo {text} && "
    "docker commit -m '{note}' {image}-c {image}:stable && docker rm {image}-c"
)


def release(text: str, note: str) -> str:
    """A command that commits one more release under the name {image}:stable."""
    return RELEASE.replace("{text}", text).replace("{note}", note)


NEW_CONTAINER = "docker rm -f {name}; docker run --name {name} --label course.lab=04.7 {image}:stable"


def nameless(message: str) -> str:
    """The id of the release without a name whose message begins so, as a command substitution."""
    found = "docker images -q --no-trunc --filter dangling=true --filter label=course.lab=04.7"
    return (
        f"$(docker image inspect --format '{{{{.Id}}}} {{{{.Comment}}}}' $({found}) | grep ' {message}' | cut -c 1-71)"
    )


def given_back(message: str) -> str:
    return f"docker tag {nameless(message)} {{image}}:stable"


def approved(lab: Lab) -> str:
    """The id of the release that was approved when the exercise began: the first commit with that message."""
    for event in lab.events(lab.since):
        attributes = (event.get("Actor") or {}).get("Attributes") or {}
        if event.get("Action") == "commit" and attributes.get("comment") == "approved":
            return str(attributes.get("imageID"))
    raise Missing('the approved release is not known: undo("04.7") begins anew')


@look("docker run --rm {image}:stable")
def prints(lab: Lab) -> str:
    """What a container of {image}:stable prints, and whether another image than the release does."""
    seen = str(probes.run("{image}:stable").fetch(lab))
    good = seen == lab.fill("exit 0: {token}") and lab.inspect("image", "{image}:stable")["Id"] != approved(lab)
    return f"{seen}, but it is not the approved release" if good else seen


@look("docker container inspect {name} --format '{{.Image}}'; docker image inspect {image}:stable --format '{{.Id}}'")
def release_of(lab: Lab) -> str:
    return "the approved release" if lab.inspect("container", "{name}")["Image"] == approved(lab) else "another image"


EXERCISE = Exercise(
    id="04.7",
    title="The release that lost its name",
    goal="Symptom: `{image}:stable` printed the right thing until noon. Since then every new container of it prints "
    "what the first release printed, and nobody has removed anything. Four releases were committed under this name; "
    "exactly one of them has `approved` as its message.\n"
    "Give the name `{image}:stable` back to the approved release, and replace the container `{name}` by one of it. "
    "`{image}:1.0` stays what it is.",
    seeds={"image": Name("till"), "name": Name("shop"), "token": Token(), "first": Token(), "early": Token(),
           "late": Token()},
    scene=Scene(
        commands=(
            release("{first}", "first release") + " && docker tag {image}:stable {image}:1.0",
            release("{early}", "looks good, tests missing"),
            release("{token}", "approved"),
            release("{late}", "an experiment, not to be sold"),
            "docker tag {image}:1.0 {image}:stable",
            "docker run --name {name} --label course.lab={id} {image}:stable",
        ),
    ),
    owns=("container:{name}", "container:{image}-c", "image:{image}:stable", "image:{image}:1.0"),
    steps=(
        Step(
            "name",
            Probe(
                "a container of {image}:stable prints what was approved",
                prints,
                expect.equals("exit 0: {token}"),
                mistakes=(
                    Mistake(
                        "another image",
                        "the release itself is still there, without a name: give it the name.",
                        expect.contains("but it is not"),
                    ),
                    Mistake(
                        "the first release",
                        "{image}:stable and {image}:1.0 are two names of one image: compare their ids.",
                        lambda lab, value: lab.values["first"] in str(value),
                    ),
                    Mistake(
                        "the newest is not the approved one",
                        "among the images without a name it is the message that tells them apart.",
                        lambda lab, value: lab.values["late"] in str(value),
                    ),
                    Mistake(
                        "not approved",
                        "this one came before the approved one.",
                        lambda lab, value: lab.values["early"] in str(value),
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "others",
            State(
                "{image}:1.0 is still the first release",
                looks.image("{image}:1.0", ".Id").of_scene("image", "{image}:1.0"),
                expect.present("its id"),
            ),
            points=0.5,
            after="name",
        ),
        Step(
            "container",
            State(
                "{name} is a container of the approved release",
                release_of,
                expect.equals("the approved release"),
                mistakes=(
                    Mistake(
                        "a container keeps its image",
                        "a name that moves takes no container along: `docker rm {name}`, then run it again.",
                        lambda lab, value: lab.is_original("container", "{name}"),
                    ),
                ),
            ),
            State(
                "{name} has printed what was approved",
                looks.logs("{name}").then(lambda text: [line.strip() for line in text.splitlines()]),
                expect.includes("{token}"),
                mistakes=(mistakes.not_started("{name}"),),
            ),
            after="name",
        ),
    ),
    solution=(given_back("approved"), NEW_CONTAINER),
    untouched_says="prints what was approved",
    right=(
        Right("the container first, by the SDK", (
            "docker rename {name} before-{name}",
            SDK % ('i, = [i for i in engine.images.list(all=True) if i.attrs.get("Comment") == "approved"]; '
                   'i.tag("{image}", "stable"); engine.containers.run(i.id, name="{name}", labels=["course.lab=04.7"], '
                   'detach=True).wait()'),
        )),
        Right("another one first", (
            given_back("an experiment"), NEW_CONTAINER, given_back("approved"), "docker rm {name}",
            "docker create -t --name {name} --label course.lab=04.7 {image}:stable; docker start -a {name}",
        )),
        Right("kept under a name of its own, and the others removed", (
            "docker tag " + nameless("approved") + " {image}:good; docker rmi " + nameless("looks good"),
            "docker tag {image}:good {image}:stable; docker rmi {image}:good", NEW_CONTAINER,
        )),
    ),
    wrong=(
        Wrong("made anew", (release("{token}", "approved"), NEW_CONTAINER), says="another image"),
        Wrong("a container of busybox", (
            given_back("approved"), "docker rm {name}",
            "docker run --name {name} --label course.lab=04.7 busybox echo {token}",
        ), says="is a container of the approved release"),
        Wrong("only created", (
            given_back("approved"), "docker rm {name}",
            "docker create --name {name} --label course.lab=04.7 {image}:stable",
        ), says="created, not started"),
        Wrong(
            "the newest without a name",
            (given_back("an experiment"), NEW_CONTAINER),
            says="the newest is not the approved one",
        ),
        Wrong("a new container", (NEW_CONTAINER,), says="the first release"),
        Wrong(
            "started again",
            (given_back("approved"), "docker start -a {name}"),
            says="a container keeps its image",
        ),
        Wrong(
            "both names moved",
            (
                given_back("approved"),
                "docker tag {image}:stable {image}:1.0",
                NEW_CONTAINER,
            ),
            says="is still the first release",
        ),
        Wrong(
            "the second release",
            (given_back("looks good"), NEW_CONTAINER),
            says="not approved",
        ),
        Wrong(
            "pruned first",
            ("docker image prune -f --filter label=course.lab=04.7", NEW_CONTAINER),
            says="the first release",
        ),
    ),
    minutes=8,
)  # fmt: skip
