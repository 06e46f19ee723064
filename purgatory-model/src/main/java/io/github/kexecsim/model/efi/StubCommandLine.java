package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.model.efi.StubRun.Stopped;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The command line as the stub takes it from the loaded image's load options ({@code
 * drivers/firmware/efi/libstub/efi-stub-helper.c, efi_convert_cmdline} and {@code
 * efi_parse_options}, v6.1).
 *
 * @param status EFI_SUCCESS, or what kept the stub from it
 * @param text at most {@value #MAX_SIZE} - 1 bytes of UTF-8
 * @param buffer where it lies
 */
record StubCommandLine(EfiStatus status, String text, long buffer) {
  /** {@code COMMAND_LINE_SIZE} of arm64. */
  static final int MAX_SIZE = 2048;

  /** More of UTF-16 is never looked at. */
  private static final int MAX_OPTIONS = 2 * MAX_SIZE;

  /** Converts and parses. */
  static StubCommandLine of(StubLibrary stub, long loadedImage) throws Stopped {
    StubRun run = stub.run();
    long optionsSize = run.read(loadedImage + 48, 4).u32le(0);
    String text = "";
    if (optionsSize > 0) {
      stub.services().locateProtocol(EfiGuid.TCG2_PROTOCOL);
      long options = run.word(loadedImage + 56);
      text = convert(run.read(options, (int) Math.min(optionsSize, MAX_OPTIONS)));
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length >= MAX_SIZE) {
      text = truncated(text);
      bytes = text.getBytes(StandardCharsets.UTF_8);
      stub.message("Command line is too long: truncated to " + bytes.length + " bytes");
    }
    EfiResult pool = stub.services().allocatePool(EfiMemoryType.LOADER_DATA, bytes.length + 1L);
    if (!pool.isSuccess()) {
      return new StubCommandLine(EfiStatus.OUT_OF_RESOURCES, text, 0);
    }
    long buffer = pool.get("memory");
    run.write(buffer, ByteView.of(Arrays.copyOf(bytes, bytes.length + 1)));
    EfiResult copy = stub.services().allocatePool(EfiMemoryType.LOADER_DATA, bytes.length + 1L);
    if (!copy.isSuccess()) {
      return new StubCommandLine(copy.status(), text, buffer);
    }
    stub.services().freePool(copy.get("memory"));
    return new StubCommandLine(EfiStatus.SUCCESS, text, buffer);
  }

  private static String convert(ByteView options) {
    String text = new String(options.toByteArray(), StandardCharsets.UTF_16LE);
    int end = 0;
    while (end < text.length() && text.charAt(end) != 0 && text.charAt(end) != '\n') {
      end++;
    }
    return text.substring(0, end);
  }

  /** Up to the last space outside quotes that still fits. */
  private static String truncated(String text) {
    boolean quoted = false;
    int size = 0;
    int safe = 0;
    for (int i = 0; i < text.length() && size < MAX_SIZE; i++) {
      char c = text.charAt(i);
      quoted ^= c == '"';
      if (!quoted && Character.isWhitespace(c)) {
        safe = i;
      }
      size += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
    }
    return text.substring(0, safe);
  }

  /** Whether a parameter without a value stands before "--". */
  boolean has(String parameter) {
    List<String> words = Arrays.asList(text.trim().split("\\s+"));
    int end = words.indexOf("--");
    return (end < 0 ? words : words.subList(0, end)).contains(parameter);
  }
}
