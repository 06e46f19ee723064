package io.github.kexecsim.cli;

import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.kaslr.Neighbour;
import io.github.kexecsim.loader.kaslr.PhysicalKaslr;
import io.github.kexecsim.loader.kaslr.Slots;
import io.github.kexecsim.loader.kaslr.VirtualKaslr;
import java.util.List;
import java.util.stream.Collectors;

/** Where the next kernel may end up, and what it may hit there. */
record KaslrView(KaslrOutlook outlook) {
  void writeTo(JsonText json) {
    json.object(
        "kaslr",
        kaslr -> {
          kaslr.bool("safe_only_without", outlook.isSafeOnlyWithoutKaslr());
          kaslr.object("physical", inner -> write(inner, outlook.physical()));
          kaslr.object("virtual", inner -> write(inner, outlook.virtual()));
          kaslr.objects("neighbours", outlook.neighbours(), one -> write(kaslr, one));
          kaslr.strings("assumptions", outlook.assumptions());
        });
  }

  private static void write(JsonText json, PhysicalKaslr physical) {
    Slots slots = physical.slots();
    json.string("cause", physical.cause().code())
        .string("why", physical.why())
        .hex("image_size", slots.imageSize())
        .hex("align", slots.align())
        .hex("count", slots.count())
        .hex("lowest", slots.lowest())
        .hex("highest", slots.highest())
        .objects(
            "runs", slots.runs(), run -> json.hex("first", run.first()).hex("count", run.count()));
    physical.chosen().ifPresent(chosen -> json.hex("chosen", chosen));
  }

  private static void write(JsonText json, VirtualKaslr virtual) {
    json.string("cause", virtual.cause().code())
        .string("why", virtual.why())
        .hex("base", virtual.base())
        .hex("align", virtual.align())
        .hex("count", virtual.count())
        .hex("lowest", virtual.lowest())
        .hex("highest", virtual.highest())
        .number("entropy_bits", virtual.entropyBits());
    virtual.chosen().ifPresent(chosen -> json.hex("chosen", chosen));
  }

  private static void write(JsonText json, Neighbour neighbour) {
    json.string("what", neighbour.what())
        .hex("start", neighbour.range().start())
        .hex("end", neighbour.range().end())
        .bool("can_be_hit", neighbour.canBeHit())
        .string("why", neighbour.why());
  }

  void writeTo(TextPage page) {
    page.labelled("kaslr", physical(outlook.physical()));
    page.labelled("", virtual(outlook.virtual()));
    page.labelled("", hits() + "assumed: " + String.join("; ", outlook.assumptions()));
  }

  private static String physical(PhysicalKaslr physical) {
    Slots slots = physical.slots();
    if (!physical.cause().isRandomised()) {
      return "stays at " + ByteCount.hex(slots.lowest()) + ": " + physical.why();
    }
    String chosen =
        physical.chosen().isPresent()
            ? "runs at " + ByteCount.hex(physical.chosen().getAsLong()) + ", one"
            : "runs at one";
    return chosen
        + " of "
        + slots.count()
        + " places from "
        + ByteCount.hex(slots.lowest())
        + " to "
        + ByteCount.hex(slots.highest())
        + ": "
        + physical.why();
  }

  private static String virtual(VirtualKaslr virtual) {
    String chosen =
        virtual.chosen().isPresent()
            ? "at " + ByteCount.hex(virtual.base() + virtual.chosen().getAsLong())
            : "somewhere";
    if (!virtual.cause().isRandomised()) {
      return "mapped " + chosen + ": " + virtual.why();
    }
    return "mapped "
        + chosen
        + " from "
        + ByteCount.hex(virtual.base() + virtual.lowest())
        + " to "
        + ByteCount.hex(virtual.base() + virtual.highest())
        + " ("
        + virtual.entropyBits()
        + " bits): "
        + virtual.why();
  }

  private String hits() {
    if (outlook.neighbours().isEmpty()) {
      return "";
    }
    return outlook.isSafeOnlyWithoutKaslr()
        ? "can hit " + named(outlook.hits()) + "; "
        : "cannot hit " + named(outlook.neighbours()) + "; ";
  }

  private static String named(List<Neighbour> neighbours) {
    return neighbours.stream().map(Neighbour::what).distinct().collect(Collectors.joining(", "));
  }
}
