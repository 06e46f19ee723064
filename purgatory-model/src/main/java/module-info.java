/**
 * From placed segments to a running next kernel: relocation, purgatory, emulated EFI, hand-over.
 */
module io.github.kexecsim.model {
  requires transitive io.github.kexecsim.loader;

  exports io.github.kexecsim.model;
  exports io.github.kexecsim.model.asm;
  exports io.github.kexecsim.model.efi;
  exports io.github.kexecsim.model.emit;
  exports io.github.kexecsim.model.handoff;
  exports io.github.kexecsim.model.kimage;
  exports io.github.kexecsim.model.mmu;
  exports io.github.kexecsim.model.purgatory;
  exports io.github.kexecsim.model.sim;
  exports io.github.kexecsim.model.strategy;
}
