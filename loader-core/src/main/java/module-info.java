/** From a kernel image file to placed segments: what kexec_file_load would do, planned. */
@SuppressWarnings("requires-automatic") // lz4-java carries no module descriptor
module io.github.kexecsim.loader {
  requires com.github.luben.zstd_jni;
  requires com.google.common;
  requires com.google.gson;
  requires org.apache.commons.compress;
  requires org.lz4.java;
  requires org.tukaani.xz;

  exports io.github.kexecsim.loader;
  exports io.github.kexecsim.loader.bytes;
  exports io.github.kexecsim.loader.codec;
  exports io.github.kexecsim.loader.digest;
  exports io.github.kexecsim.loader.error;
  exports io.github.kexecsim.loader.fdt;
  exports io.github.kexecsim.loader.image;
  exports io.github.kexecsim.loader.kaslr;
  exports io.github.kexecsim.loader.limit;
  exports io.github.kexecsim.loader.machine;
  exports io.github.kexecsim.loader.memory;
  exports io.github.kexecsim.loader.pe;
  exports io.github.kexecsim.loader.place;
  exports io.github.kexecsim.loader.record;
  exports io.github.kexecsim.loader.report;
  exports io.github.kexecsim.loader.uki;
  exports io.github.kexecsim.loader.x86;
}
