"""Run programs side by side and start each again when it ends: ``supervisor.py NAME COMMAND …``.

For `make run`; on a server systemd does this, and a container's runtime elsewhere. A program that
keeps ending is started again after longer and longer pauses, with one line each time that says so.
SIGTERM, SIGINT (Ctrl-C), SIGHUP (a closed terminal) and SIGQUIT end them all. Runs as a script of
its own and imports nothing of the project, so that nothing of the project can end it.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time

# A program that lived this long was well: the pause before its next start is the shortest again.
STEADY_SECONDS = 10.0
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# What a program is given to finish its work, such as the mail it is sending.
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
    """End what a program left running: its next start may need their port or their queue."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signum)
        deadline = time.monotonic() + STOP_SECONDS / 4
        while is_alive(group) and time.monotonic() < deadline:  # noqa: ASYNC110 (nothing tells)
            await asyncio.sleep(0.05)


async def run_once(command: str) -> int:
    """Run the command to its end and return its exit code; when cancelled, end it first."""
    # A process group of its own, so that Ctrl-C reaches this process alone. `exec` leaves no shell
    # between the two that would keep a signal for itself.
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
    """Run the command over and over until cancelled."""
    pause = 0.0
    while True:
        began = time.monotonic()
        try:
            code = await run_once(command)
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        except OSError as error:
            how = f"can't be started ({error.strerror})"
        steady = time.monotonic() - began > STEADY_SECONDS
        pause = SHORTEST_PAUSE if steady or not pause else min(pause * 2, LONGEST_PAUSE)
        print(f"{name} {how}; it starts again in {pause:g} s", file=sys.stderr, flush=True)
        await asyncio.sleep(pause)


async def keep_all_running(commands: dict[str, str]) -> None:
    """Run every command over and over until this process is told to end."""
    told_to_end = asyncio.Event()
    for signum in ENDING:
        asyncio.get_running_loop().add_signal_handler(signum, told_to_end.set)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(keep_running(*each)) for each in commands.items()]
        await told_to_end.wait()
        for each in running:
            each.cancel()


if __name__ == "__main__":
    asyncio.run(keep_all_running(dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))))
