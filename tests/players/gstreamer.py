"""GStreamer with souphttpsrc: the duration of a URL, and the samples from a position on.

Arguments: URL, position in seconds, seconds to take, file. Prints the duration and where it began after
the seek, in seconds, and writes samples (16-bit, 16 kHz, mono) to the file.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401

url, position, seconds, target = sys.argv[1:]
PATIENCE = 30 * Gst.SECOND

Gst.init(None)
pipeline = Gst.parse_launch(
    f'souphttpsrc location="{url}" ! decodebin ! audioconvert ! audioresample'
    " ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! appsink name=sink sync=false max-buffers=8"
)
sink = pipeline.get_by_name("sink")


def fail(why):
    pipeline.set_state(Gst.State.NULL)
    sys.exit(why)


def settle():
    # oggdemux seeks on a thread of its own: the state alone doesn't tell that it has got there.
    awaited = Gst.MessageType.ASYNC_DONE | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(PATIENCE, awaited)
    if message is None or message.type == Gst.MessageType.ERROR:
        fail(message.parse_error() if message else "it does not get ready")


pipeline.set_state(Gst.State.PAUSED)
settle()
known, duration = pipeline.query_duration(Gst.Format.TIME)
if not known:
    fail("the duration is not known")

flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE
if not pipeline.seek_simple(Gst.Format.TIME, flags, int(float(position) * Gst.SECOND)):
    fail("it does not seek")
settle()
pipeline.set_state(Gst.State.PLAYING)
wanted = int(float(seconds) * 16000) * 2
samples = b""
while len(samples) < wanted:
    sample = sink.emit("try-pull-sample", PATIENCE)
    if sample is None:
        fail("it ended early")
    buffer = sample.get_buffer()
    # oggdemux, fed over HTTP, begins with the page that holds the position, or reads on until it has sought.
    time = sample.get_segment().to_stream_time(Gst.Format.TIME, buffer.pts) / Gst.SECOND
    early = max(0, round((float(position) - time) * 16000)) * 2
    if not samples:
        began = max(time, float(position))
    samples += buffer.extract_dup(0, buffer.get_size())[early:]
pipeline.set_state(Gst.State.NULL)
with open(target, "wb") as file:
    file.write(samples[:wanted])
print(duration / Gst.SECOND, began)
