using Lockstep.Bench.Simulation;

namespace Lockstep.Bench.Tests;

/// <summary>What holds of every storm, whatever the clients do.</summary>
public sealed class StormTests
{
    private const int Devices = 2_000;
    private const int Seconds = 3_000;

    // Each device stands for so many: two gateways have a 50th of their 16 cores for them.
    private const int OneOf = 50;

    private static readonly Costs Costs = Costs.Default;
    private static readonly ClusterSize Size = new(2, 2, 2, 16);
    private static readonly Outage Everything = new(600, 1, IsAnswered: false, GatewaysForget: true);

    public static TheoryData<string> Kinds => ["kinto.js", "retries", "Firefox", "streams"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Storm_EachSecond_WhoCameWasServedOrFailedOrWaits(string kind)
    {
        var waiting = 0;

        foreach (var second in Run(kind, Everything).Seconds)
        {
            Assert.Equal(waiting + second.Arrived, second.Served + second.Failed + second.Waiting);
            waiting = second.Waiting;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Storm_EachSecond_SpendsNoMoreThanThereIs(string kind)
    {
        var budget = new Budget(Costs, Size, OneOf);
        var (all, most) = (default(Cost), budget.Capacity + budget.Largest);
        var result = Run(kind, Everything);

        foreach (var second in result.Seconds)
        {
            Assert.True(second.Spent.Gateway <= most.Gateway && second.Spent.Silo <= most.Silo && second.Spent.Database <= most.Database, second.ToString());
            all += second.Spent;
        }

        Assert.True(all.Gateway <= (Seconds * budget.Capacity.Gateway) + budget.Largest.Gateway, all.ToString());
        Assert.True(result.Seconds.Sum(static second => second.Served) > 50, "Too few were served to say anything.");
    }

    [Fact]
    public void Storm_NothingIsAwayAndRequestsAreSpread_AllAreServedAtOnce()
    {
        var result = Run("kinto.js", Outage.None);

        Assert.All(result.Seconds, static second => Assert.Equal(second.Arrived, second.Served));
        Assert.Equal(0, result.OthersWait());
        Assert.Equal(Devices * Seconds / 600, result.Seconds.Sum(static second => second.Served));
    }

    [Fact]
    public void Storm_NobodyHasToBeHashed_EachIsBackWithItsNextPoll()
    {
        var result = Run("kinto.js", new Outage(600, 1, IsAnswered: true, GatewaysForget: false));

        Assert.Equal(Devices, result.Answered.Count);
        Assert.InRange(result.AnsweredAt(1)!.Value, 0, 600);
        Assert.Equal(Devices, result.Seconds.Sum(static second => second.Failed));
    }

    [Fact]
    public void Storm_GatewaysForgot_TakesAsLongAsTheHashes()
    {
        var users = Devices / Costs["devices"];
        var hashes = users * Costs["hash.gateway"] / (new Budget(Costs, Size, OneOf).Capacity.Gateway * Costs["hash.places"]);

        var result = new Storm(Costs, Size, Everything, [(new KintoClient(600, 0), Devices)], OneOf, seed: 1).Run(600 + (int)(10 * hashes));

        Assert.True(result.AnsweredAt(0.99) >= 0.9 * hashes, $"{result.AnsweredAt(0.99)} s, and the hashes alone take {hashes} s.");
    }

    [Fact]
    public void Storm_OneDatabaseIsAway_HasNoFailureOfOthers()
    {
        var result = Run("kinto.js", new Outage(600, 2, IsAnswered: true, GatewaysForget: false));

        Assert.Equal(0, result.OthersRefused);
        Assert.InRange(result.Concerned, (Devices / 2) - 3, (Devices / 2) + 3);
        Assert.Equal(result.Concerned, result.Seconds.Sum(static second => second.Failed));
    }

    [Fact]
    public void Storm_SameSeed_IsTheSame()
    {
        Assert.Equal(Run("Firefox", Everything, seed: 7).Seconds, Run("Firefox", Everything, seed: 7).Seconds);
        Assert.NotEqual(Run("Firefox", Everything, seed: 7).Seconds, Run("Firefox", Everything, seed: 8).Seconds);
    }

    private static StormResult Run(string kind, Outage outage, int seed = 1)
    {
        Client client = kind switch
        {
            "kinto.js" => new KintoClient(600, 0),
            "retries" => new KintoClient(600, 5),
            "Firefox" => new FirefoxClient(600),
            _ => new StreamClient(600, 3),
        };
        return new Storm(Costs, Size, outage, [(client, Devices)], OneOf, seed).Run(Seconds);
    }
}
