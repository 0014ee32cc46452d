// attach is a DPDK secondary process as any C program may be: it finds the primary's objects by
// name, prints a line for each, and ends. Its arguments are those of rte_eal_init.
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mempool.h>
#include <rte_memzone.h>
#include <rte_ring.h>

static void missing(const char *name)
{
	fprintf(stderr, "%s: %s\n", name, rte_strerror(rte_errno));
	exit(1);
}

static void show_ring(const char *name)
{
	const struct rte_ring *r = rte_ring_lookup(name);

	if (r == NULL)
		missing(name);
	printf("ring %s size %u%s%s\n", name, rte_ring_get_size(r),
		rte_ring_is_prod_single(r) ? " SP" : " MP", rte_ring_is_cons_single(r) ? " SC" : " MC");
}

static void show_pool(const char *name)
{
	const struct rte_mempool *p = rte_mempool_lookup(name);

	if (p == NULL)
		missing(name);
	printf("pool %s size %u used %u\n", name, p->size, rte_mempool_in_use_count(p));
}

static void show_zone(const char *name)
{
	const struct rte_memzone *z = rte_memzone_lookup(name);

	if (z == NULL)
		missing(name);
	printf("zone %s bytes %zu magic %.8s\n", name, z->len, (const char *)z->addr);
}

int main(int argc, char **argv)
{
	if (rte_eal_init(argc, argv) < 0)
		missing("rte_eal_init");
	show_ring("dispatch_ring_p0_q0");
	show_ring("tx_ring_p0_q0");
	show_ring("alloc_ring_0");
	show_ring("free_ring_0");
	show_ring("ff_msg_ring_in_0");
	show_ring("ff_msg_ring_out_0");
	show_pool("mbuf_pool_0");
	show_pool("ff_msg_pool");
	show_zone("ff_control");
	return rte_eal_cleanup() < 0;
}
