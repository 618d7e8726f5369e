"""Workers of a Dask cluster, through joblib's Dask backend (extra ``dask``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import engine
from engine.errors import InputError

_TIMEOUT_SECONDS = 10.0


def _bridge() -> Callable[[bytes, str], list[Any]]:
    """Return the function that workers run.

    Dask unpickles tasks in the scheduler too, which need not have this program. A function
    inside a function travels as code, and its tasks as bytes that only the worker opens.
    """

    def run(payload: bytes, folder: str) -> list[Any]:
        import importlib.util
        import pickle
        import sys

        # a worker on this computer, started elsewhere, finds the program where it runs from
        if importlib.util.find_spec("engine") is None and folder not in sys.path:
            sys.path.append(folder)
        calls = pickle.loads(payload)
        return [function(*args, **kwargs) for function, args, kwargs in calls]

    return run


def _backend(client: Any) -> Any:
    """Return joblib's Dask backend with what a campaign needs besides."""
    import cloudpickle
    from joblib._dask import DaskDistributedBackend

    folder = str(Path(engine.__file__).resolve().parents[1])
    bridge = _bridge()

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        """Reports tasks that Dask itself gives up; joblib's waits for them forever."""

        def __init__(self) -> None:
            super().__init__(client=client)
            self._running: set[Any] = set()

        def effective_n_jobs(self, n_jobs: int) -> int:
            # with 1, joblib would run everything in this process and not on the cluster
            return max(2, super().effective_n_jobs(n_jobs))

        def submit(self, func: Any, callback: Any = None) -> Any:
            payload = cloudpickle.dumps(func.items)
            future = self.client.submit(bridge, payload, folder, pure=False)
            self._running.add(future)
            if callback is not None:
                future.add_done_callback(callback)
            return future

        apply_async = submit  # the name before joblib 1.5

        def retrieve_result_callback(self, out: Any) -> Any:
            self._running.discard(out)
            return out.result()

        def abort_everything(self, ensure_ready: bool = True) -> None:
            self.client.cancel(list(self._running))
            self._running.clear()

    return Backend()


class DaskPool:
    """Workers of a Dask cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, e.g. ``tcp://127.0.0.1:8786``.

    Raises
    ------
    InputError
        If Dask is not installed, or no scheduler or worker answers.
    """

    def __init__(self, address: str):
        try:
            from distributed import Client
        except ImportError as error:
            raise InputError(
                "Running on a cluster needs Dask: install it with pip install 'hybridgui[dask]'."
            ) from error
        try:
            self._client = Client(address, timeout=_TIMEOUT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"No Dask scheduler answers at {address}: start one with `dask scheduler`, or "
                "check the address."
            ) from error
        try:
            self._client.wait_for_workers(1, timeout=_TIMEOUT_SECONDS)
        except TimeoutError as error:
            self._client.close()
            raise InputError(
                f"The Dask scheduler at {address} has no workers: start some with "
                f"`dask worker {address} --nthreads 1`."
            ) from error
        self.workers = sum(self._client.ncores().values())

    def parallel(self, in_hand: int) -> Any:
        """Return a `joblib.Parallel` that keeps `in_hand` tasks submitted at a time."""
        from joblib import Parallel, parallel_config

        with parallel_config(backend=_backend(self._client)):
            return Parallel(
                n_jobs=-1, return_as="generator_unordered", batch_size=1, pre_dispatch=in_hand
            )

    def stop(self, call: Any) -> None:
        """Take back what has not begun; Dask cannot stop a task that has."""
        # joblib has no public way to end a call from another thread
        call._abort()

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()
