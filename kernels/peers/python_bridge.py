# SPDX-License-Identifier: Apache-2.0
"""The Python end of kernels/peers/python_bridge.h.

    python3 python_bridge.py --run TARGET NUMPY_DTYPE MODULES EXTRA_PATH
    python3 python_bridge.py --about MODULES EXTRA_PATH

Descriptor 3 is the channel (support/channel.h): each message follows a header of two 64-bit
numbers, its number and its length in bytes; an answer repeats the number of its request. Descriptor
4 is the shared memory. The first request is empty. Each later one is eight 64-bit numbers: bytes of
the memory, rows, cols, where g, the labels and y lie (x lies at 0; -1: not there), and the numbers
of dimensions of g and y, whose shapes begin (rows, cols, cols). Each answer is a status and its
text: of the first request, the path of this interpreter; of a call that is done, the nanoseconds that
the function took, and how many of them it was not on a core.
"""

import importlib
import importlib.util
import os
import struct
import sys
import time

HEADER = struct.Struct("2Q")
REQUEST = struct.Struct("8q")
STATUS = struct.Struct("q")
DONE, REFUSED, FAILED, NO_MODULE = range(4)


class Channel:
    """This end of the channel."""

    unread = b""
    number = 0  # of the last request

    def receive(self):
        """The next request, or None where the other end is closed."""
        while True:
            if len(self.unread) >= HEADER.size:
                self.number, length = HEADER.unpack_from(self.unread)
                end = HEADER.size + length
                if len(self.unread) >= end:
                    request, self.unread = self.unread[HEADER.size : end], self.unread[end:]
                    return request
            more = os.read(3, 65536)
            if not more:
                return None
            self.unread += more

    def answer(self, status, text=""):
        message = STATUS.pack(status) + text.encode(errors="replace")[:4000]
        frame = HEADER.pack(self.number, len(message)) + message
        while frame:
            frame = frame[os.write(3, frame) :]


def end_with_parent():
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
    except (ImportError, OSError, AttributeError):
        pass  # then the closed channel ends it, after the call


def last_line(error):
    text = str(error).strip().splitlines()
    return type(error).__name__ + (": " + text[-1] if text else "")


def missing(modules, extra_path):
    """The first of the modules that this interpreter lacks. What lies in extra_path counts, behind its own."""
    if extra_path:
        sys.path.append(extra_path)
    for module in modules.split(","):
        if importlib.util.find_spec(module) is None:
            return module
    return None


def find(target):
    module, _, name = target.rpartition(":")
    if module.endswith(".py"):
        spec = importlib.util.spec_from_file_location(os.path.basename(module)[:-3], module)
        found = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = found
        spec.loader.exec_module(found)
    else:
        sys.path.insert(0, os.getcwd())
        found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{target} is not a function")
    return found


def keywords_of(function):
    """axis=-1 (or dim=-1) where the function has such a parameter: softmax means the rows."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some built-ins have no signature
        return {}
    return next(({word: -1} for word in ("axis", "dim") if word in parameters), {})


class Views:
    """The arrays of one request, over the shared memory."""

    memory = b""

    def __init__(self, request, dtype):
        import mmap

        import numpy

        total, rows, cols, g, labels, y, g_dimensions, y_dimensions = REQUEST.unpack(request)
        whole = (rows, cols, cols)
        if total != len(Views.memory):
            Views.memory = mmap.mmap(4, total)

        def view(at, shape, kind):
            return numpy.ndarray(shape, kind, Views.memory, at)

        self.inputs = [view(0, whole[:2], dtype)]
        if g >= 0:
            self.inputs.append(view(g, whole[:g_dimensions], dtype))
        if labels >= 0:
            self.inputs.insert(1, view(labels, whole[:1], "<i8"))
        for array in self.inputs:  # numpy raises an error where a function writes to its input
            array.flags.writeable = False
        self.shape = whole[:y_dimensions]
        self.y = view(y, self.shape, dtype)

    def store(self, result):
        import numpy

        result = numpy.asarray(result)
        if result.shape != self.shape and result.shape != self.shape + (1,):  # keepdims=True is fine
            raise ValueError(f"the function returned shape {result.shape} instead of {self.shape}")
        numpy.copyto(self.y, result.reshape(self.shape), casting="same_kind")


def serve(channel, function, dtype):
    keywords = keywords_of(function)
    last, views = None, None
    while request := channel.receive():
        try:
            if request != last:
                views, last = Views(request, dtype), request
            cpu, start = time.process_time_ns(), time.perf_counter_ns()
            result = function(*views.inputs, **keywords)
            inside = time.perf_counter_ns() - start
            waited = max(0, inside - (time.process_time_ns() - cpu))
            views.store(result)
        except NotImplementedError:
            channel.answer(REFUSED)
        except BaseException as error:  # also SystemExit: it is the function that ends, not the bridge
            # numpy has no maximum of nothing: to raise for rows without columns is to refuse them
            no_columns = REQUEST.unpack(request)[2] == 0 and isinstance(error, ValueError)
            channel.answer(REFUSED if no_columns else FAILED, last_line(error))
        else:
            channel.answer(DONE, f"{inside} {waited}")


def keep_memory():
    """What was freed is used again, as in a process that has run for a while: a fresh one would return large arrays to
    the system after each call, and pay for their pages again in the next."""
    try:
        import ctypes

        trim_threshold, mmap_threshold = -1, -3  # malloc.h
        libc = ctypes.CDLL(None)
        libc.mallopt(trim_threshold, 1 << 30)
        libc.mallopt(mmap_threshold, 32 << 20)  # the largest that glibc takes
    except (ImportError, OSError, AttributeError):
        pass


def run(channel, target, dtype, modules, extra_path):
    end_with_parent()
    keep_memory()
    for descriptor in (3, 4):  # not for what the function may start
        os.set_inheritable(descriptor, False)
    try:
        absent = missing(modules, extra_path)
        if absent:
            return channel.answer(NO_MODULE, f"no module named '{absent}' in {sys.executable}")
        function = find(target)
    except BaseException as error:
        return channel.answer(FAILED, f"{last_line(error)} ({sys.executable})")
    channel.answer(DONE, sys.executable)
    serve(channel, function, dtype)


def version_of(module):
    """Without importing it, which takes ten times as long."""
    import importlib.metadata

    try:
        return importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        return getattr(importlib.import_module(module), "__version__", "unknown")


def isa_of_numpy():
    """The widest instruction set that numpy dispatches to on this CPU, by its own report."""
    try:
        import numpy

        core = getattr(numpy, "_core", None) or numpy.core
        features = core._multiarray_umath.__cpu_features__
        known = core._multiarray_umath.__cpu_baseline__ + core._multiarray_umath.__cpu_dispatch__
    except (ImportError, AttributeError):
        return ""
    return next((name for name in reversed(known) if features.get(name)), "")


def about(channel, modules, extra_path):
    """The version of the last module, numpy's instruction set and this interpreter, a line each."""
    if missing(modules, extra_path):
        return channel.answer(NO_MODULE)
    channel.answer(DONE, "\n".join((version_of(modules.split(",")[-1]), isa_of_numpy(), sys.executable)))


if __name__ == "__main__":
    del sys.path[0]  # the bridge's own folder
    channel = Channel()
    channel.receive()
    {"--run": run, "--about": about}[sys.argv[1]](channel, *sys.argv[2:])
