"""Lesson 02: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "02.p1",
        "The container gets the very files the virtual machine has. Whose kernel release will `uname -r` print in it?",
        ("The virtual machine's", "That of the engine's machine", "A third one, from the image"),
        "b",
        "An image has no kernel to bring along; the container's processes use the one that is running already.",
    ),
    Prediction(
        "02.p2",
        "Now `ps aux` on this computer itself. Which of the two sleeps will it show?",
        ("Both", "Only the one in the virtual machine", "Only the one in the container", "Neither"),
        "c",
        "The container's process is one of this kernel's. The other is known to the machine's own kernel only.",
    ),
    Prediction(
        "02.p3",
        "Root in the virtual machine has set the date to 2030. What happens when root in the container tries?",
        ("It is 2030 in the container", "It is 2030 on this computer", "It is refused"),
        "c",
        "There is one clock in one kernel. Setting it is a right (CAP_SYS_TIME) that containers do not get.",
    ),
    Prediction(
        "02.p4",
        "A container may use 64 MB of memory. How much will `free` in it report as the total?",
        ("64 MB", "What this computer has", "Nothing: it may not ask"),
        "b",
        "`free` asks the kernel (sysinfo(2), /proc/meminfo), which answers for the whole machine.",
    ),
    Prediction(
        "02.p5",
        "A new container with `--pid container:box` sees the processes of box. Which host name has it?",
        ("box", "One of its own", "The machine's"),
        "b",
        "Only the list of process ids is shared. The host name is another namespace (uts), and that one is new.",
    ),
)

QUIZZES = (
    Quiz(
        "02.q1",
        "What does every virtual machine bring that no container has?",
        (
            Choice("A file system", "Containers have one as well, from their image."),
            Choice("A kernel that was booted for it", "That is the difference the others follow from.", right=True),
            Choice("A host name", "A container has one of its own (uts namespace)."),
            Choice("Root", "Both have it. In a container, root lacks most of its capabilities."),
        ),
    ),
    Quiz(
        "02.q2",
        "Which of these decide what a container's process may see or do?",
        (
            Choice("Namespaces", "What it sees: processes, files, network, host name.", right=True),
            Choice("Control groups", "How much it may use.", right=True),
            Choice("Capabilities", "Which of root's rights it has.", right=True),
            Choice("A hypervisor", "There is none between a container and the kernel."),
            Choice("seccomp", "Which system calls it may make.", right=True),
        ),
    ),
    Quiz(
        "02.q3",
        "A flaw in the Linux kernel lets any process do what it likes in the kernel it talks to. "
        "What can it take over?",
        (
            Choice(
                "From a container: that container, and no more",
                "The kernel it talks to is the machine's, and all else on it.",
            ),
            Choice("From a container: the machine", "There is one kernel, and it has just been taken.", right=True),
            Choice(
                "From a virtual machine: that virtual machine",
                "Its kernel, then. The next wall still stands.",
                right=True,
            ),
            Choice("Nothing, if the image has a newer kernel", "A kernel in an image would not be running."),
        ),
    ),
    Quiz(
        "02.q4",
        "Two containers of different images report the same kernel. Why?",
        (
            Choice("The images have the same base", "The kernel is in neither."),
            Choice("They run on one machine", "One machine, one kernel.", right=True),
            Choice("They were started by one `docker` client", "The client has no part in running them."),
        ),
    ),
)
