/** Where the next kernel may end up after its own randomisation, and what it may hit there. */
package io.github.kexecsim.loader.kaslr;
