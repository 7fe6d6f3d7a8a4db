void test_products() {}
