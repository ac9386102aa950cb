"""07.5 Publish it."""

from labsupport.exercises.author import *

from ...shared import FRESH, LOGIN, MIRROR, VAULT, doors, in_python, in_registry

VAULTS = {VAULT, "localhost:5001"}  # two names of one door


@look(f"docker pull {VAULT}/{{team}}/{{dish}}:{{tag}}")
def published(lab: Lab) -> str:
    return in_registry(lab, "{team}/{dish}:{tag}", "{dish}")


@look("docker events --since 1h --until 0s --filter event=push")
def published_by(lab: Lab) -> list[str]:
    return doors(lab, "{team}/{dish}:{tag}")


NAME = f"{VAULT}/{{team}}/{{dish}}:{{tag}}"

EXERCISE = Exercise(
    id="07.5",
    title="Publish it",
    goal=f"The image `{{dish}}` has been built for you. Publish it in the registry {VAULT}, which asks for a log-in "
    f"(user `learner`, password `containers`), under the name `{NAME}`.",
    seeds={"dish": Name("dish"), "team": Name("team"), "tag": Token(5)},
    scene=Scene(commands=(FRESH,)),
    owns=(
        "image:{dish}",
        f"image:{NAME}",
        f"image:{MIRROR}/{{team}}/{{dish}}:{{tag}}",
        f"image:{VAULT}/{{dish}}:{{tag}}",
    ),
    steps=(
        Step(
            "there",
            Probe("{team}/{dish}:{tag} in the registry is your image", published, expect.equals("this image")),
            points=2,
        ),
        Step(
            "door",
            Did(
                f"it was pushed to {VAULT}",
                published_by,
                expect.satisfies(VAULT, lambda found: bool(VAULTS & set(found))),
                mistakes=(
                    Mistake(
                        "the other door",
                        f"{MIRROR} leads to the same store and asks nobody; this image was to go in by {VAULT}.",
                        lambda lab, value: any(each.endswith(":5000") for each in value),
                    ),
                ),
            ),
            after="there",
        ),
    ),
    solution=(LOGIN, f"docker tag {{dish}} {NAME}", f"docker push {NAME}"),
    right=(
        Right(
            "by the SDK, by id, no name left here",
            (
                in_python(
                    "account = dict(username='learner', password='containers')",
                    f"image, repository = engine.images.get('{{dish}}').id, '{VAULT}/{{team}}/{{dish}}'",
                    "engine.api.tag(image, repository, '{tag}')",
                    "print(engine.images.push(repository, '{tag}', auth_config=account))",
                ),
                f"docker rmi {NAME} {{dish}}",
            ),
        ),
        Right(
            "all its tags, one of them elsewhere before",
            (
                LOGIN,
                f"docker tag {{dish}} {MIRROR}/{{team}}/{{dish}}:{{tag}} && "
                f"docker push -q {MIRROR}/{{team}}/{{dish}}:{{tag}}",
                f"docker tag {{dish}} {NAME} && docker push -q -a {VAULT}/{{team}}/{{dish}}",
            ),
        ),
        Right(
            "another image there first, and another one of its name here afterwards",
            (
                LOGIN,
                f"docker pull -q busybox && docker tag busybox {NAME} && docker push -q {NAME}",
                f"docker tag {{dish}} {NAME} && docker push -q {NAME}",
                "docker tag busybox {dish}",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "without a log-in",
            (f"docker logout {VAULT}", f"docker tag {{dish}} {NAME}", f"docker push {NAME}"),
            says="in the registry is your image",
        ),
        Wrong(
            "without the team",
            (LOGIN, f"docker tag {{dish}} {VAULT}/{{dish}}:{{tag}}", f"docker push {VAULT}/{{dish}}:{{tag}}"),
            says="in the registry is your image",
        ),
        Wrong(
            "another image",
            (LOGIN, f"docker tag busybox {NAME}", f"docker push {NAME}"),
            says="another image",
        ),
        Wrong(
            "another image under both names",
            (LOGIN, f"docker tag busybox {NAME} && docker tag busybox {{dish}}", f"docker push {NAME}"),
            says="another image",
        ),
        Wrong(
            "another image by this door, this one by the other",
            (
                LOGIN,
                f"docker pull -q busybox && docker tag busybox {NAME} && docker push -q {NAME}",
                f"docker tag {{dish}} {MIRROR}/{{team}}/{{dish}}:{{tag}} && "
                f"docker push -q {MIRROR}/{{team}}/{{dish}}:{{tag}}",
            ),
            says="the other door",
        ),
        Wrong(
            "by the other door",
            (
                f"docker tag {{dish}} {MIRROR}/{{team}}/{{dish}}:{{tag}}",
                f"docker push {MIRROR}/{{team}}/{{dish}}:{{tag}}",
            ),
            says="the other door",
        ),
    ),
    minutes=6,
)
