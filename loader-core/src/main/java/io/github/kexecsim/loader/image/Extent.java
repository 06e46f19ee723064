package io.github.kexecsim.loader.image;

/**
 * How far an image's bytes reach, next to the memory that it takes. From 6.12 or so the build pads
 * an image before wrapping it as zboot, so that what is measured and signed is the whole footprint.
 */
public enum Extent {
  /** They end at the file's end: what is behind (BSS) is not in them. */
  FILE,
  /** They are padded to the in-memory size, BSS included. */
  MEMORY,
  /** They are longer than the in-memory size. */
  BEYOND_MEMORY
}
