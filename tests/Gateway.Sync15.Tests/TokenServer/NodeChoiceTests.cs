using Lockstep.Core.Assignments;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>Which node a new store goes to.</summary>
public sealed class NodeChoiceTests
{
    [Fact]
    public void Node_LeastFullForItsSize_IsChosen_AnEmptyOneFirst()
    {
        Assert.Equal(2, Best(Node(1, load: 10, capacity: 100), Node(2, load: 20, capacity: 1000)));
        Assert.Equal(1, Best(Node(1, load: 10, capacity: 100), Node(2, load: 100, capacity: 1000)));
        Assert.Equal(3, Best(Node(1, load: 1, capacity: 100), Node(2, load: 1, capacity: 1000), Node(3, load: 0, capacity: 1)));
        Assert.Equal(1, Best(Node(1, load: 0, capacity: 9), Node(2, load: 0, capacity: 9)));
    }

    [Fact]
    public void Node_ThatIsDownDrainingFullOrHasNoneReleased_GetsNone()
    {
        var fit = Node(1, load: 1, capacity: 10);

        Assert.Equal(1, Best(fit));
        Assert.Null(Best(fit with { IsDown = true }, fit with { IsDraining = true }, fit with { Available = 0 }, fit with { Load = 10 }));
        Assert.Null(Best());
    }

    private static AssignmentNode Node(int number, int load, int capacity) =>
        new(number, $"https://{number}.example.org", Available: 1, load, capacity, IsDown: false, IsDraining: false);

    private static int? Best(params AssignmentNode[] nodes) => NodeChoice.Best(nodes)?.Number;
}
