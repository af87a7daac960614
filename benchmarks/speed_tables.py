"""The tables of what things cost."""

from __future__ import annotations

from typing import Any

from table_rows import result, rows


def speed() -> list[str]:
    """Whole commands, embedding and decoding, each beside what it is compared with."""
    cold, embedding, decoding = result("cold_start"), result("embedding-starter"), result("decode")
    figures = cold["low_median_high"]
    lines = [["", "median", "compared with", "ratio"]]
    lines.append(
        [
            "`logo-retrieval --help`",
            f"{figures['help']['cpu_s'][1]:.2f} CPU s",
            "an empty Python program",
            f"{cold['cpu_ratios']['help / interpreter']:.2f}",
        ]
    )
    for name, values in figures.items():
        if name.startswith("classify"):
            lines.append(
                [
                    f"cold `classify` of one {name.split('.')[-1].upper()}",
                    f"{values['cpu_s'][1]:.2f} CPU s, {values['peak_mb'][1]:.0f} MB",
                    "loading ONNX Runtime and the graph, one run",
                    f"{cold['cpu_ratios'][f'{name} / bare model']:.2f}",
                ]
            )
    for batch in ("batch_1", "batch_32"):
        ours = embedding["times"]["onnxruntime-fp32"][batch]["cpu_ms_per_image"]["median"]
        lines.append(
            [
                f"embedding, {batch.replace('_', ' ')}",
                f"{ours:.1f} CPU ms an image",
                "ONNX Runtime alone",
                f"{embedding['cpu_ratio_to_bare'][batch]:.2f}",
            ]
        )
    lines.append(enrolment_row(result("enrolment_speed")))
    lines.append(duplicates_row(result("duplicates_speed")))
    lines.append(decode_row(decoding))
    lines.append(training_row(result("training")))
    lines.append(second_run_row(result("second_run")))
    return rows(*lines)


def first_look() -> list[str]:
    """Answers by quick vectors, and by exact ones where those leave a doubt, beside the exact ones' answers."""
    found = result("quick")
    lines = [["asked", "looked at again", "answers as by exact vectors alone", "macro F2", "by exact vectors"]]
    for part, name in (("validation", "validation drawings, by which the width was chosen"), ("test", "test drawings")):
        figures = found[part]
        for width in ("0.0", "0.5", "1.0", "2.0"):
            entry, exact = figures[width], figures["macro_f2"]["exact"]
            lines.append(
                [
                    f"{name}, {f'within {float(width):g} of a threshold' if float(width) else 'never again'}",
                    f"{100 * entry['looked_at_again']:.1f} %",
                    f"{entry['agree']:.4f}",
                    f"{entry['macro_f2']:.4f}",
                    f"{exact:.4f}",
                ]
            )
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


def second_run_row(second: dict[str, Any]) -> list[str]:
    """Files that were answered before."""
    return [
        f"`classify --cache` of {second['files']:,} files again",
        f"{second['cpu_s']['second']:.1f} CPU s",
        f"the first run, {second['cpu_s']['first']:.0f} CPU s",
        f"1 / {second['ratio']:.0f}",
    ]


def serving() -> list[str]:
    """The service beside the library on the same cores."""
    found = result("serving")
    library = found["library"]
    lines = [["", "files a second", "share of the library's", "median ms", "99 of 100 below, ms"]]
    lines.append(["the library, all in one call", f"{library['files_a_second']:.0f}", "1", "", ""])
    lines.append(["the library, one after another", "", "", f"{library['p50_ms']:.0f}", f"{library['p99_ms']:.0f}"])
    for clients, figures in found["clients"].items():
        lines.append(
            [
                f"the service, {clients} client{'' if clients == '1' else 's'}",
                f"{figures['files_a_second']:.0f}",
                f"{figures['share_of_library']:.2f}",
                f"{figures['p50_ms']:.0f}",
                f"{figures['p99_ms']:.0f}",
            ]
        )
    return rows(*lines)


def serving_memory() -> list[str]:
    """Whether the service grows over an hour's worth of requests."""
    after = result("serving_memory")["after"]
    lines = [["after so many requests", "the service, MiB", "its decoders, MiB"]]
    for part in (after[0], after[len(after) // 2 - 1], after[-1]):
        lines.append([f"{part['requests']:,}", str(part["service_mb"]), str(part["decoders_mb"])])
    return rows(*lines)


def enrolment_row(enrolment: dict[str, Any]) -> list[str]:
    """Enrolling into a large index."""
    return [
        f"`enroll` {enrolment['drawings']} drawings into {enrolment['items']:,}",
        f"{enrolment['median_wall_s']['enroll']:.2f} s",
        "decoding and embedding them",
        f"{enrolment['ratios']['enroll / decode and embed']:.2f}",
    ]


def duplicates_row(duplicates: dict[str, Any]) -> list[str]:
    """Duplicates within a large index."""
    small, large = duplicates["runs"]
    return [
        f"`duplicates` among {large['items']:,}",
        f"{large['wall_s']:.0f} s, {large['memory_mb']} MB",
        f"{small['items']:,}: {small['wall_s']:.0f} s, {small['memory_mb']} MB",
        f"{duplicates['ratios']['wall_s']:.1f}; memory {duplicates['ratios']['memory_mb']:.1f}",
    ]


def decode_row(decoding: dict[str, Any]) -> list[str]:
    """Decoding a mixed folder."""
    one, *_, every = decoding["processes"].items()
    cpu = decoding["cpu_ms_per_file"]
    return [
        f"decoding a mixed folder, {every[0]} processes",
        f"{every[1]['files_per_s']:.0f} files/s, {cpu['workers'] + cpu['parent']:.1f} CPU ms a file",
        f"1 process ({one[1]['files_per_s']:.0f} files/s)",
        f"{decoding['speed_up']:.2f} as quick",
    ]


def training_row(training: dict[str, Any]) -> list[str]:
    """Making pictures to train on, beside the step that uses them."""
    cpu = training["cpu_ms_per_image"]
    return [
        f"a training picture, augmented, {training['size_px']} px",
        f"{cpu['unpack and augment']:.1f} CPU ms",
        f"its step: {cpu['step, pointwise alone']:.0f} CPU ms, pointwise convolutions alone, or {cpu['step']:.0f}, all",
        f"{training['ratios']['augment / step, pointwise alone']:.2f}",
    ]
