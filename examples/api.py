"""Read the digit in a picture with a digitlab server: `python api.py PICTURE [ADDRESS]`."""

import json
import sys
import urllib.request
from pathlib import Path

address = sys.argv[2] if len(sys.argv) > 2 else "http://localhost:8501"
picture = Path(sys.argv[1]).read_bytes()
request = urllib.request.Request(
    f"{address}/api/v1/classify", picture, {"Content-Type": "image/png"}
)
answer = json.load(urllib.request.urlopen(request))
print(answer["digit"], f"{answer['confidence']:.1%}")
