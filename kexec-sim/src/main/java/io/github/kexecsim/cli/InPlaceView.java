package io.github.kexecsim.cli;

import io.github.kexecsim.loader.codec.CompressedPayload;
import io.github.kexecsim.loader.codec.InPlace;
import io.github.kexecsim.loader.codec.InPlaceMargin;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Payload;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How close a layer's payload comes to being overwritten when it is decompressed in place.
 *
 * @param margin what was measured
 * @param ownLayout whether the image tells where it puts its payload; else it is where the x86
 *     build would put it
 */
record InPlaceView(InPlaceMargin margin, boolean ownLayout) {
  static final Option IN_PLACE =
      Option.flag(
          "Also measure how close decompression in one buffer, as x86 kernels do it, comes to the"
              + " payload.",
          "--in-place");

  /** Measures; empty for a layer that has no compressed payload. */
  static Optional<InPlaceView> of(Layer layer, long limit) {
    Optional<Payload> payload = layer.image().payload(layer.bytes());
    if (payload.isEmpty() || payload.get().method().isEmpty()) {
      return Optional.empty();
    }
    CompressedPayload compressed =
        new CompressedPayload(
            payload.get().method().get(),
            layer.bytes().slice(payload.get().offset(), payload.get().size()),
            payload.get().declaredSize());
    OptionalLong start = layer.image().inPlaceStart(layer.bytes());
    long from =
        start.isPresent()
            ? start.getAsLong()
            : InPlace.kernelStart(
                compressed.declaredSize().orElseGet(() -> compressed.decompress(limit).length),
                payload.get().size() + Integer.BYTES);
    return Optional.of(
        new InPlaceView(InPlace.measure(compressed, from, limit), start.isPresent()));
  }

  void writeTo(JsonText json) {
    json.object(
        "in_place",
        inner ->
            inner
                .number("smallest_distance", margin.smallestDistance())
                .number("needed", margin.needed())
                .number("granted", margin.granted())
                .bool("enough", margin.isEnough())
                .string("layout", ownLayout ? "image" : "x86-formula"));
  }

  void writeTo(TextPage page) {
    String granted =
        ByteCount.human(margin.granted())
            + (ownLayout ? " granted by its layout" : " that the x86 build's formula would grant");
    page.labelled(
        "  in place",
        margin.isEnough()
            ? "needs a margin of "
                + ByteCount.human(margin.needed())
                + " of "
                + granted
                + "; the output never comes closer to what is unread than "
                + ByteCount.human(margin.smallestDistance())
            : "NOT ENOUGH: needs a margin of "
                + ByteCount.human(margin.needed())
                + ", with "
                + granted
                + "; the output overwrites what is unread");
  }
}
