package io.github.kexecsim.model.emit;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A segment and the file that holds it: all of memsz, so that the file is what memory must look
 * like.
 *
 * @param name made of the role, and of nothing that an image says of itself
 * @param segment one whose bytes are known
 */
record SegmentFile(String name, KexecSegment segment) {
  /** Names the segments whose bytes are known; a role's second one is number 2. */
  static List<SegmentFile> of(List<KexecSegment> segments) {
    Map<SegmentRole, Integer> counts = new EnumMap<>(SegmentRole.class);
    List<SegmentFile> files = new ArrayList<>();
    for (KexecSegment segment : segments) {
      if (segment.content().isPresent()) {
        int number = counts.merge(segment.role(), 1, Integer::sum);
        files.add(new SegmentFile(name(segment.role(), number), segment));
      }
    }
    return files;
  }

  private static String name(SegmentRole role, int number) {
    String stem = number == 1 ? role.label() : role.label() + "-" + number;
    return stem + (role == SegmentRole.DTB ? ".dtb" : ".bin");
  }

  /** The bytes to copy; zeros follow them up to memsz. */
  ByteView content() {
    return segment.content().orElseThrow();
  }
}
