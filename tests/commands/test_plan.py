"""archc plan: the strategies side by side, for people and for programs, and impossible plans."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from archc.report.plan_json import PlanJson

GOLDEN = Path(__file__).parent / "golden"


def test_alexnet_in_80_columns(
    archc, alexnet: Path, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = archc("plan", alexnet)
    assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 80
    golden(GOLDEN / "plan_alexnet.txt", result.out)


@pytest.mark.parametrize("arguments", [(), ("--gpus", "4"), ("--gpus", "8"), ("--gpus", "16"), ("--gpus", "1")])
def test_json_is_as_documented(archc, alexnet: Path, arguments: tuple[str, ...]) -> None:
    result = archc("plan", alexnet, *arguments, "--output-format", "json")
    said = json.loads(result.out)
    assert TypeAdapter(PlanJson).validate_python(said, strict=True) == said
    assert said["devices"] == int(arguments[1] if arguments else 2)


def test_the_papers_figures_for_a_program(archc, alexnet: Path) -> None:
    result = archc("plan", alexnet, "--gpus", "2", "--batch", "128", "--output-format", "json")
    said = json.loads(result.out)
    assert (said["version"], said["name"], said["device_memory"]) == (1, "alexnet", 3 * 2**30)
    options = {option["strategy"]: option for option in said["options"]}
    assert [c["layer"] for c in options["columns"]["cost"]["crossings"]] == ["conv3", "fc6", "fc7", "fc8"]
    assert options["columns"]["cost"]["received"] == 30_336
    assert options["data"]["cost"]["backward_bytes"] == 243_860_896
    assert [s for s, option in options.items() if option["cheapest"]] == ["hybrid"]
    assert [s for s, option in options.items() if option["declared"]] == ["columns"]


def test_a_width_that_does_not_divide_is_shown_at_its_line_beside_what_is_possible(archc, alexnet: Path) -> None:
    result = archc("plan", alexnet, "--gpus", "16")
    assert result.code == 1  # the spec says columns
    (head,) = (line for line in result.err.splitlines() if "ARC401" in line and line.startswith(str(alexnet)))
    assert head.endswith("error[ARC401]: fc8's 1000 units do not split over 16 devices")
    rows = [line.split() for line in result.out.splitlines()]
    assert ["columns", "impossible"] in rows
    assert any(row[:1] == ["data"] and row[-1] == "cheapest" for row in rows)


def test_further_reasons_are_counted_as_reasons(archc, alexnet: Path) -> None:
    said = " ".join(archc("plan", alexnet, "--gpus", "3", "--batch", "2").out.split())
    assert "columns is impossible: 5 layers do not split over 3 devices." in said
    assert "data is impossible: a batch of 2 cannot be divided over 3 devices. columns" in said
    assert "hybrid is impossible: a batch of 2 cannot be divided over 3 devices (and 1 other reason)." in said


def test_layers_that_several_strategies_cannot_split_are_one_finding(archc, alexnet: Path) -> None:
    """Under hybrid, the dense layers alone are at fault; under columns, they are among those at fault."""
    result = archc("plan", alexnet, "--gpus", "3")
    assert result.err.count("ARC401]") == 1
    assert f"{alexnet}:18:3: error[ARC401]: 5 layers do not split over 3 devices (5 places)\n" in result.err


def test_without_a_strategy_of_its_own_any_that_is_possible_will_do(archc, small: Path) -> None:
    result = archc("plan", small, "--gpus", "4")
    assert result.code == 0  # fc's 5 units do not split over 4
    assert "columns is impossible: fc's 5 units do not split over 4 devices." in result.out
    assert archc("plan", small, "--gpus", "3", "--batch", "2").code == 1  # nor can a batch of 2 be divided over 3


def test_a_spec_that_does_not_hold(archc, small: Path) -> None:
    small.write_text(small.read_text().replace("units: 5", "units: none"))
    result = archc("plan", small)
    assert (result.code, result.out) == (1, "")
    assert "error[ARC104]" in result.err


@pytest.mark.parametrize(
    ("link", "seconds"),
    [("8GB/s", 1), ("16GB/s", 0.5), ("64Gbit/s", 1), ("8000 MB/s", 1), ("0.5GB/s", 16), ("1000000kB/s", 8)],
)
def test_the_time_is_in_proportion_to_the_link(archc, alexnet: Path, link: str, seconds: float) -> None:
    said = json.loads(archc("plan", alexnet, "--link", link, "--output-format", "json").out)
    data = said["options"][0]["cost"]
    assert data["seconds"] == pytest.approx(seconds * 243_860_896 / 8e9)


@pytest.mark.parametrize("link", ["", "8", "8GB", "fast", "0GB/s", "-8GB/s", "8gb/s", "1e9GB/s", "\x1b[2J"])
def test_a_link_that_is_not_a_rate(archc, alexnet: Path, link: str) -> None:
    result = archc("plan", alexnet, f"--link={link}")
    assert (result.code, result.out) == (2, "")
    first, second = result.err.splitlines()
    assert first.startswith("error: --link ")
    assert first.isprintable()
    assert second == "  give bytes or bits per second: 8GB/s, 900MB/s, 100Gbit/s"


@pytest.mark.parametrize(
    "arguments", [("--gpus", "0"), ("--gpus", "65"), ("--batch", "0"), ("--batch", "x"), ("--precision", "int8")]
)
def test_what_is_out_of_range(archc, alexnet: Path, arguments: tuple[str, str]) -> None:
    result = archc("plan", alexnet, *arguments)
    assert (result.code, result.out) == (2, "")
    assert arguments[0] in result.err
    assert "Traceback" not in result.err


def test_a_name_and_a_title_that_mean_harm(archc, small: Path) -> None:
    small.write_text(small.read_text().replace("title: A small network", 'title: "a\\e[2J[bold]"'))
    result = archc("plan", small, "--batch", "8")
    assert "\x1b" not in result.out
    assert "\\u001b[2J[bold]" in result.out


def test_it_imports_no_more_than_check_does_but_for_its_own(alexnet: Path) -> None:
    def modules(command: str) -> set[str]:
        code = (
            "import sys\nfrom archc.commands import main\n"
            f"sys.argv = ['archc', '{command}', {str(alexnet)!r}]\n"
            "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return set(run.stderr.split())

    assert modules("plan") - modules("check") <= {
        "archc.commands.plan",
        "archc.console.terminal",
        "archc.passes.collectives",
        "archc.passes.plan",
        "archc.report.plan",
        "archc.report.plan_outline",
    }


def test_layers_of_blocks_are_summed_up_unless_all_are_asked_for(archc) -> None:
    resnet = Path(__file__).parents[1] / "figure" / "specs" / "resnet18.yaml"
    closed, wide = archc("plan", resnet), archc("plan", resnet, "--wide")
    assert (closed.code, wide.code) == (0, 0)
    assert "\nlayer1 " in closed.out
    assert "layer1.0" not in closed.out
    assert closed.out.splitlines()[-1] == "blocks are closed; open them with `--wide`"
    assert "\nlayer1.0.conv1 " in wide.out
    assert "--wide" not in wide.out
