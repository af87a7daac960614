"""Takes the picture of the page: `python docs/page_picture.py ADDRESS`, of a running `logo-retrieval serve`.

The service answers with the starter index about `benchmarks/samples`. It needs Playwright and Chromium.
"""

from __future__ import annotations

import argparse
import shutil
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "page.png"
FIRST = ("lockup.svg", "unknown.svg")
"""Of the samples, those that are seen."""

WIDTH_PX, HEIGHT_PX = 1180, 889
COLOURS = 128


def main() -> None:
    """Drops the samples, looks into the first answer, takes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="of the service, such as http://127.0.0.1:8000/")
    address = parser.parse_args().address
    samples = sorted(
        (ROOT / "benchmarks" / "samples").glob("*.*"), key=lambda path: (path.name not in FIRST, path.name)
    )
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX}, locale="en-GB")
        page.goto(address)
        page.set_input_files("#files", samples)
        page.locator("#progress-text", has_text="answered").wait_for()
        page.locator("#stop").wait_for(state="hidden")
        page.locator(".row .why").first.click()
        page.wait_for_load_state("networkidle")
        page.mouse.move(0, 0)
        taken = page.screenshot(animations="disabled")  # at their end: what was just told has faded
        browser.close()
    Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
