"""The tables of what things cost."""

from __future__ import annotations

from collections.abc import Iterator

from table_rows import result, rows, with_interval


def speed() -> list[str]:
    """Whole commands, embedding, decoding and training, each beside what it is compared with."""
    return rows(["", "median", "compared with", "ratio"], *_cold(), *_embedding(), *_large_indexes(), *_rest())


def _cold() -> Iterator[list[str]]:
    cold = result("cold_start")
    figures, ratios = cold["low_median_high"], cold["cpu_ratios"]
    help_s, help_ratio = figures["help"]["cpu_s"][1], ratios["help / interpreter"]
    yield ["`logo-retrieval --help`", f"{help_s:.2f} CPU s", "an empty Python program", f"{help_ratio:.2f}"]
    for name, found in figures.items():
        if name.startswith("classify"):
            kind, ratio = name.split(".")[-1].upper(), ratios[f"{name} / bare model"]
            costs = f"{found['cpu_s'][1]:.2f} CPU s, {found['peak_mb'][1]:.0f} MB"
            yield [
                f"cold `classify` of one {kind}",
                costs,
                "loading ONNX Runtime and the graph, one run",
                f"{ratio:.2f}",
            ]


def _embedding() -> Iterator[list[str]]:
    found = result("embedding-starter")
    ours, ratios = found["times"]["onnxruntime-int8"], found["cpu_ratio_to_bare"]
    for batch in ("batch_1", "batch_32"):
        cost = f"{ours[batch]['cpu_ms_per_image']['median']:.1f} CPU ms an image"
        yield [f"embedding, {batch.replace('_', ' ')}", cost, "ONNX Runtime alone", f"{ratios[batch]:.2f}"]


def _large_indexes() -> Iterator[list[str]]:
    found = result("enrolment_speed")
    what = f"`enroll` {found['drawings']} drawings into {found['items']:,}"
    ratio = found["ratios"]["enroll / decode and embed"]
    yield [what, f"{found['median_wall_s']['enroll']:.2f} s", "decoding and embedding them", f"{ratio:.2f}"]
    found = result("duplicates_speed")
    small, large = (f"{run['wall_s']:.0f} s, {run['memory_mb']} MB" for run in found["runs"])
    n_small, n_large = (run["items"] for run in found["runs"])
    ratios = f"{found['ratios']['wall_s']:.1f}; memory {found['ratios']['memory_mb']:.1f}"
    yield [f"`duplicates` among {n_large:,}", large, f"{n_small:,}: {small}", ratios]


def _rest() -> Iterator[list[str]]:
    found = result("decode")
    (_, one), *_, (processes, every) = found["processes"].items()
    what, cpu_ms = f"decoding a mixed folder, {processes} processes", sum(found["cpu_ms_per_file"].values())
    costs = f"{every['files_per_s']:.0f} files/s, {cpu_ms:.1f} CPU ms a file"
    yield [what, costs, f"1 process ({one['files_per_s']:.0f} files/s)", f"{found['speed_up']:.2f} as quick"]
    found = result("training")
    cpu, ratio = found["cpu_ms_per_image"], found["ratios"]["augment / step, pointwise alone"]
    what, cost = f"a training picture, augmented, {found['size_px']} px", f"{cpu['unpack and augment']:.1f} CPU ms"
    step = (
        f"its step: {cpu['step, pointwise alone']:.0f} CPU ms, pointwise convolutions alone, or {cpu['step']:.0f}, all"
    )
    yield [what, cost, step, f"{ratio:.2f}"]
    found = result("second_run")
    what, cpu = f"`classify --cache` of {found['files']:,} files again", found["cpu_s"]
    yield [what, f"{cpu['second']:.1f} CPU s", f"the first run, {cpu['first']:.0f} CPU s", f"1 / {found['ratio']:.0f}"]


def integers() -> list[str]:
    """The network in 8-bit integers beside itself in floats."""
    found = result("integers")
    lines = [["the network", "CPU of a view", "as drawn: macro F2", "degraded: macro F2"]]
    for runtime, name in (("onnxruntime-fp32", "in 32-bit floats"), ("onnxruntime-int8", "in 8-bit integers")):
        figures = found["figures"][runtime]
        spent = 1.0 if runtime.endswith("fp32") else found["cpu_ms_a_view"]["ratio"]
        lines.append([name, f"{spent:.2f}", *(with_interval(figures[kind]["macro_f2"]) for kind in figures)])
    lines.append(["the same answers", "", *(f"{share:.4f}" for share in found["agree"].values())])
    return rows(*lines)


def stages() -> list[str]:
    """Where the CPU time of a folder of mixed files goes, and what the way of 2018 takes for it."""
    found = result("bulk")
    ours = found["cpu_ms_a_file"]["classify"]
    lines = [["", "CPU ms a file", "share"]]
    parts = [("`classify`, everything", ours["ms"]), *ours["stages"].items()]
    lines += [[name, f"{ms:.1f}", f"{100 * ms / ours['ms']:.0f} %"] for name, ms in parts]
    for network, ratio in found["ratios"].items():
        ms = found["cpu_ms_a_file"][network]["ms"]
        lines.append([f"the way of 2018 with {network}", f"{ms:.1f}", f"{ratio:.1f} times as much"])
    return rows(*lines)


def decoding() -> list[str]:
    """Where the CPU time of decoding goes, by kind of file."""
    kinds = result("decode")["kinds"]
    stages = next(iter(kinds.values()))["cpu_ms_a_file"]
    lines = [["kind", *stages, "all", "the first of a new process"]]
    for kind, found in kinds.items():
        spent = found["cpu_ms_a_file"].values()
        cells = [f"{ms:.2f}" if ms else "" for ms in spent]
        lines.append([kind, *cells, f"{sum(spent):.1f}", f"{found['first_file_cpu_ms']:.0f}"])
    return rows(*lines)


def serving() -> list[str]:
    """The service beside the library on the same cores."""
    found = result("serving")
    library = found["library"]
    lines = [["", "files a second", "share of the library's", "median ms", "99 of 100 below, ms"]]
    lines.append(["the library, all in one call", f"{library['files_a_second']:.0f}", "1", "", ""])
    lines.append(["the library, one after another", "", "", f"{library['p50_ms']:.0f}", f"{library['p99_ms']:.0f}"])
    for clients, own in found["clients"].items():
        who = f"the service, {clients} client{'' if clients == '1' else 's'}"
        times = (f"{own[name]:.0f}" for name in ("p50_ms", "p99_ms"))
        lines.append([who, f"{own['files_a_second']:.0f}", f"{own['share_of_library']:.2f}", *times])
    return rows(*lines)


def serving_memory() -> list[str]:
    """Whether the service grows over an hour's worth of requests."""
    after = result("serving_memory")["after"]
    lines = [["after so many requests", "the service, MiB", "its decoders, MiB"]]
    for part in (after[0], after[len(after) // 2 - 1], after[-1]):
        lines.append([f"{part['requests']:,}", str(part["service_mb"]), str(part["decoders_mb"])])
    return rows(*lines)
