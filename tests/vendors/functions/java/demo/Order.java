package demo;

import java.util.List;

public class Order {
    private String customer;
    private List<Integer> amounts;

    public String getCustomer() { return customer; }
    public void setCustomer(String customer) { this.customer = customer; }
    public List<Integer> getAmounts() { return amounts; }
    public void setAmounts(List<Integer> amounts) { this.amounts = amounts; }
}
