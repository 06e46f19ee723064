package io.github.kexecsim.loader.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Machine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class RecordedLoadsTest {
  private static final String RECORDING =
      """
      {"format": "kexec-recorded-loads/1", "name": "small",
       "machine": {"arch": "x86_64", "kernel_version": "6.12.1", "page_size": 4096,
         "emulator": "qemu-system-x86_64 -smp 2", "boot_cmdline": "quiet",
         "memory_walk": "system_ram",
         "iomem": "00100000-3fffffff : System RAM\\n",
         "boot_log_e820": ["BIOS-e820: [mem 0x0000000000100000-0x000000003fffffff] usable"],
         "purgatory": {"bufsz": 16384, "memsz": 20480, "entry_offset": 336},
         "efi_runtime_map_size": 0},
       "kernels": {"k": {"size": 4096, "header_hex": "4d5a"}},
       "loads": [{"name": "a", "kernel": "k", "initrd_size": 5, "cmdline": "x", "type": "default",
         "result": "OK", "entry": "0x1000", "e820": [["0x100000", "0x3fffffff", 1]],
         "segments": [{"role": "kernel", "mem": "0x1000", "memsz": "0x1000", "bufsz": 16}]},
        {"name": "b", "kernel": "k", "initrd_size": null, "cmdline": "", "type": "crash",
         "result": "EADDRNOTAVAIL"}]}
      """;

  @Test
  void readsAWholeRecording() {
    RecordedLoads recording = RecordedLoads.parse(RECORDING);

    assertThat(recording.name()).isEqualTo("small");
    assertThat(recording.machine().cpu().count()).isEqualTo(2);
    assertThat(recording.machine().e820()).hasSize(1);
    assertThat(recording.loads()).extracting(RecordedLoad::name).containsExactly("a", "b");
    assertThat(recording.loads().get(0).entry()).hasValue(0x1000);
    assertThat(recording.loads().get(1).initrdSize()).isEmpty();
  }

  @Test
  void aMachineSectionStandsByItself() {
    JsonObject whole = JsonParser.parseString(RECORDING).getAsJsonObject();

    Machine alone = MachineSection.parse("file", whole.get("machine").toString());
    Machine within = MachineSection.parse("file", RECORDING);

    assertThat(alone.name()).isEqualTo("file");
    assertThat(within.name()).isEqualTo("small");
    assertThat(within.ranges()).isEqualTo(alone.ranges());
  }

  @Test
  void aTextMayBeAnArrayOfItsLines() {
    JsonObject whole = JsonParser.parseString(RECORDING).getAsJsonObject();
    JsonArray lines = new JsonArray();
    lines.add("00100000-1fffffff : System RAM");
    lines.add("20000000-3fffffff : System RAM");
    whole.getAsJsonObject("machine").add("iomem", lines);

    assertThat(RecordedLoads.parse(whole.toString()).machine().ranges()).hasSize(2);
  }

  @Test
  void rangesOfTheMachineAreBounded() {
    String twice = RECORDING.replace("RAM\\n\"", "RAM\\n40000000-4fffffff : System RAM\\n\"");
    assertThat(twice).isNotEqualTo(RECORDING);
    assertThat(bounded(twice, Limit.RANGES, 2)).isEmpty();
    assertThat(bounded(twice, Limit.RANGES, 1)).contains(Reason.LIMIT_EXCEEDED);
  }

  /** Its device tree is gzip, so a few bytes of a recording may stand for any number. */
  @Test
  void deviceTreesThatUnpackToTooMuchAreRefused() throws Exception {
    byte[] tree = new FdtBuilder().string("model", "x").build();
    String small = withDeviceTree(tree);
    assertThat(bounded(small, Limit.DEVICE_TREE_SIZE, tree.length)).isEmpty();
    assertThat(bounded(small, Limit.DEVICE_TREE_SIZE, tree.length - 1))
        .contains(Reason.LIMIT_EXCEEDED);
    assertThat(bounded(small, Limit.DEVICE_TREE_PROPERTIES, 0)).contains(Reason.LIMIT_EXCEEDED);

    String bomb = withDeviceTree(new byte[64 << 20]);
    assertThat(bomb.length()).isLessThan(1 << 20);
    assertThat(bounded(bomb, Limit.RANGES, 10)).contains(Reason.LIMIT_EXCEEDED);
  }

  private static String withDeviceTree(byte[] tree) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(tree);
    }
    JsonObject whole = JsonParser.parseString(RECORDING).getAsJsonObject();
    whole
        .getAsJsonObject("machine")
        .addProperty("fdt_gzip_base64", Base64.getEncoder().encodeToString(packed.toByteArray()));
    return whole.toString();
  }

  /** Why a recording is refused within a limit; empty where it is read. */
  private static Optional<Reason> bounded(String recording, Limit limit, long value) {
    try {
      RecordedLoads.parse(recording, Limits.DEFAULT.with(limit, value));
      return Optional.empty();
    } catch (KexecException e) {
      return Optional.of(e.reason());
    }
  }

  /** Whatever stands where something else should: a reason, never another exception. */
  @Test
  void everyMemberOfAnotherTypeIsRefusedOrRead() {
    List<JsonElement> others =
        List.of(
            new JsonObject(),
            new JsonArray(),
            JsonParser.parseString("[{}]"),
            JsonParser.parseString("[[1]]"),
            new JsonPrimitive(-1),
            new JsonPrimitive(1e300),
            new JsonPrimitive("0xffffffffffffffff"),
            new JsonPrimitive("zz"),
            new JsonPrimitive(true));
    int places = places(JsonParser.parseString(RECORDING)).size();
    int refused = 0;
    for (int place = 0; place < places; place++) {
      for (JsonElement other : others) {
        JsonElement changed = JsonParser.parseString(RECORDING);
        places(changed).get(place).accept(other);
        refused += refuses(changed.toString()) ? 1 : 0;
      }
    }
    assertThat(refused).isGreaterThan(places);
  }

  @Test
  void mutatedTextIsRefusedOrRead() {
    SplittableRandom random = new SplittableRandom(3);
    int refused = 0;
    for (int round = 0; round < 3_000; round++) {
      StringBuilder text = new StringBuilder(RECORDING);
      for (int i = random.nextInt(1, 5); i > 0; i--) {
        int at = random.nextInt(text.length());
        text.replace(at, at + 1, String.valueOf("09f\"[]{},: x".charAt(random.nextInt(12))));
      }
      refused += refuses(text.toString()) ? 1 : 0;
    }
    assertThat(refused).isPositive();
  }

  @Test
  void anotherFormatIsRefused() {
    KexecException refusal =
        catchThrowableOfType(
            KexecException.class,
            () -> RecordedLoads.parse(RECORDING.replace("kexec-recorded-loads/1", "other/1")));

    assertThat(refusal.reason()).isEqualTo(Reason.BAD_RECORD);
  }

  private static boolean refuses(String text) {
    try {
      Replay.of(RecordedLoads.parse(text));
      return false;
    } catch (KexecException e) {
      return true;
    }
  }

  /** A setter for every member and element, however deep. */
  private static List<Consumer<JsonElement>> places(JsonElement root) {
    List<Consumer<JsonElement>> places = new ArrayList<>();
    if (root.isJsonObject()) {
      for (String name : List.copyOf(root.getAsJsonObject().keySet())) {
        places.add(other -> root.getAsJsonObject().add(name, other));
        places.addAll(places(root.getAsJsonObject().get(name)));
      }
    }
    if (root.isJsonArray()) {
      for (int i = 0; i < root.getAsJsonArray().size(); i++) {
        int index = i;
        places.add(other -> root.getAsJsonArray().set(index, other));
        places.addAll(places(root.getAsJsonArray().get(i)));
      }
    }
    return places;
  }
}
