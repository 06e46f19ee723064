/** The courses by which a kernel image gets loaded, held against each other. */
package io.github.kexecsim.model.strategy;
