"""Which commands need a terminal: those that do, and above all those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labsupport.notebook.explained import explain
from labsupport.notebook.terminal import needed
from labsupport.shell.words import simple_commands


@pytest.mark.parametrize(
    "script",
    [
        "docker run -it busybox sh",
        "docker run -ti busybox",
        "docker run -i -t busybox",
        "docker run --interactive --tty busybox",
        "docker run --rm -it -p 8080:80 --name x -v a:/b busybox sh",
        "docker run -itp 8080:80 web",
        "docker run -i --name=x -te A=b busybox",
        "docker run --detach=false -it busybox",
        "docker container run -it busybox",
        "docker -H tcp://x:1 --context c run -it busybox",
        "docker exec -it web sh",
        "docker container exec -ti web ls",
        "docker exec -it -e A=b -w /tmp web sh",
        "docker attach web",
        "docker start -ai web",
        "docker start web -i",
        "docker stats",
        "sudo docker run -it busybox",
        "X=1 docker run -it busybox",
        "time docker run -it busybox",
        "timeout 5 docker run -it busybox",
        "echo a && docker run -it busybox",
        "echo a; docker run -it busybox | cat",
        "if true; then docker run -it busybox; fi",
        "for x in a b; do docker exec -it $x ls; done",
        "x=$(docker run -it busybox hostname)",
        "# first\ndocker ps # the list\ndocker run -it busybox",
        "docker run \\\n  --rm -it \\\n  busybox sh",
        "cat <<EOF > f\ntext\nEOF\ndocker run -it busybox",
        "docker run -it busybox > out.txt 2>&1",
        "/usr/bin/docker run '-it' busybox",
        "podman run -it busybox",
        "vi Dockerfile",
        "nano Dockerfile",
        "top",
        "watch docker ps",
    ],
)
def test_needs_a_terminal(script):
    assert needed(script) is not None


@pytest.mark.parametrize(
    "script",
    [
        "docker run busybox ls -it",
        "docker run --rm busybox sh -c 'echo -it'",
        "sh -c 'echo docker run -it'",
        "echo docker run -it busybox",
        "echo 'docker run -it busybox sh'",
        "docker run -dit --name x busybox",
        "docker run -d -it busybox",
        "docker run -it --detach busybox",
        "docker run -i busybox cat",
        "docker run -t busybox ls",
        "docker run -i -t=false busybox cat",
        "docker run -i --tty=false busybox cat",
        "docker run --name -it busybox ls",
        "docker run -e -it busybox env",
        "docker run -v /a:/b -i busybox -t",
        "docker run --help -it",
        "docker create -it --name x busybox",
        "docker exec web ls -it",
        "docker exec -i web sh",
        "docker exec -dit web sleep 100",
        "docker exec -u 0 web sh -c 'test -t 0'",
        "docker attach --no-stdin web",
        "docker start web",
        "docker start -a web",
        "docker stats --no-stream",
        "docker logs -f web",
        "docker ps # docker run -it busybox",
        "cat <<EOF\ndocker run -it busybox\nEOF",
        "cat <<-'EOF'\n\tdocker run -it busybox\n\tEOF\necho",
        "cat <<< 'docker run -it busybox'",
        "grep -- -it docker",
        "script -qc 'docker run -it --rm busybox true' /dev/null",
        "docker",
        "docker --version",
        "top -b -n 1",
        "docker top web",
        "docker run busybox vi --help",
        "type vi; which nano; command -v vim",
        "git commit -m 'docker run -it'",
        "echo $(( 1 << 2 )) ; echo ok",
        "docker inspect -f '{{range .Mounts}}{{.Source}}{{end}}' web",
        'docker run busybox sh -c "echo \\"docker run -it\\""',
        "docker run -it 'unfinished",
        "cat <<EOF\ndocker run -it busybox",
        "",
        "\n\n# only a comment",
    ],
)
def test_needs_none(script):
    assert needed(script) is None


def test_error_restates_the_command_and_names_the_ways():
    text = str(needed("cd /tmp\ndocker exec -it web cat /etc/passwd | head -1").error())
    assert "docker exec -it web cat /etc/passwd" in text
    assert "%%session\n      docker exec -it web cat /etc/passwd" in text
    assert "or, without a terminal: docker exec web cat /etc/passwd" in text


def test_full_screen_programs_are_not_sent_to_a_session():
    assert "%%session" not in str(needed("vi Dockerfile").error())
    assert "docker stats --no-stream" in str(needed("docker stats").error())


@pytest.mark.parametrize(
    "said",
    [
        "the input device is not a TTY",
        "cannot attach stdin to a TTY-enabled container because stdin is not a terminal",
    ],
)
def test_dockers_own_complaint_is_explained(said):
    assert "%%session" in explain(said)


def test_lost_engine_is_explained():
    assert "%reload_ext labsupport" in explain("Cannot connect to the Docker daemon at unix:///x. Is it running?")


def test_an_image_that_the_hub_does_not_give_is_explained():
    said = 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.2.3:53: no such host'
    assert "%reload_ext labsupport" in explain(said) and "python3 -m labsupport hub" in explain(said)


def test_commands_keep_their_text():
    found = list(simple_commands("a 'b c' && d \\\n e # no\nf=1 g"))
    assert [each.words for each in found] == [["a", "b c"], ["d", "e"], ["f=1", "g"]]
    assert found[0].text == "a 'b c'"
    assert found[2].arguments() == ["g"]


@given(st.text(alphabet="adockerunit -|&;<>'\"\\\n#$()`E=", max_size=60))
def test_any_text_is_taken_apart_without_error(script):
    needed(script)
