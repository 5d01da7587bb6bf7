"""
LibreOffice without a window, as a second program that calculates.
"""

import csv
import subprocess

# Commas, quotation marks, UTF-8, cells as they are shown, every sheet its own file.
EVERY_SHEET = (
    "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
)
# Results that are in a file are not believed.
SETTINGS = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def read_sheets(files, folder):
    """
    The rows of each sheet of these workbooks, by (name of the file, name of the sheet),
    with their formulas calculated anew.
    """
    user = folder / "profile" / "user"
    user.mkdir(parents=True)
    (user / "registrymodifications.xcu").write_text(SETTINGS)
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile"]
    command += ["--headless", "--convert-to", EVERY_SHEET, "--outdir", str(folder)]
    done = subprocess.run(
        [*command, *map(str, files)], capture_output=True, text=True, timeout=180
    )
    found = {}
    for file in files:
        for written in folder.glob(f"{file.stem}-*.csv"):
            with written.open(encoding="utf-8", newline="") as stream:
                sheet = written.stem.removeprefix(f"{file.stem}-")
                found[file.stem, sheet] = [*csv.reader(stream)]
    assert {name for name, _ in found} == {file.stem for file in files}, done.stderr
    return found
