"""Run several programs and restart each one when it ends: ``supervisor.py NAME COMMAND …``.

For `make run`. In production systemd or the container runtime does this. If a program ends again
and again, the pause before its restart doubles, up to LONGEST_PAUSE; each restart prints one line.
SIGTERM, SIGINT (Ctrl-C), SIGHUP (a closed terminal) and SIGQUIT end all programs. This is a
separate script that imports nothing of the project, so that an error in the project can't end it.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time

# After a run longer than this, a program counts as healthy: its next pause is the shortest again.
HEALTHY_SECONDS = 10.0
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# The time that a program has to finish its work after SIGTERM, such as a mail that it is sending.
STOP_SECONDS = 20.0
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def is_alive(group: int) -> bool:
    """Whether a process of that process group exists."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


async def end_group(group: int) -> None:
    """End the processes that a program left running: SIGTERM, then SIGKILL.

    The next start may need the same port or queue.
    """
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signum)
        deadline = time.monotonic() + STOP_SECONDS / 4
        while is_alive(group) and time.monotonic() < deadline:  # noqa: ASYNC110 (there is no event)
            await asyncio.sleep(0.05)


async def run_once(command: str) -> int:
    """Run the command until it ends and return its exit code. When cancelled, end the command."""
    # The command gets its own process group, so that Ctrl-C reaches only the supervisor. `exec`
    # replaces the shell with the command, because a shell does not pass signals on.
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", f"exec {command}", process_group=0
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        raise
    finally:
        await end_group(process.pid)


async def keep_running(name: str, command: str) -> None:
    """Run the command again and again until cancelled."""
    pause = 0.0
    while True:
        began = time.monotonic()
        try:
            code = await run_once(command)
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        except OSError as error:
            how = f"can't be started ({error.strerror})"
        healthy = time.monotonic() - began > HEALTHY_SECONDS
        pause = SHORTEST_PAUSE if healthy or not pause else min(pause * 2, LONGEST_PAUSE)
        print(f"{name} {how}; it starts again in {pause:g} s", file=sys.stderr, flush=True)
        await asyncio.sleep(pause)


async def keep_all_running(commands: dict[str, str]) -> None:
    """Run every command again and again until this process gets one of the ENDING signals."""
    stop_requested = asyncio.Event()
    for signum in ENDING:
        asyncio.get_running_loop().add_signal_handler(signum, stop_requested.set)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(keep_running(*each)) for each in commands.items()]
        await stop_requested.wait()
        for each in running:
            each.cancel()


if __name__ == "__main__":
    asyncio.run(keep_all_running(dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))))
