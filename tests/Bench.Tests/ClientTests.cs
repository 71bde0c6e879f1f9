using Lockstep.Bench.Simulation;

namespace Lockstep.Bench.Tests;

/// <summary>Clients ask again when the real ones do.</summary>
public sealed class ClientTests
{
    private const int RetryAfter = 30;

    private readonly Random random = new(1);

    [Fact]
    public void Kinto_Refused_RetriesAsOftenAsItMayAndThenWaitsForItsTimer()
    {
        var client = new KintoClient(600, retries: 2);

        Assert.Equal([RetryAfter, RetryAfter, 600, RetryAfter], Enumerable.Range(1, 4).Select(failures => client.AfterFailure(failures, RetryAfter, random)));
    }

    [Fact]
    public void Kinto_NobodyAnswers_WaitsForItsTimer() => Assert.Equal(600, new KintoClient(600, retries: 2).AfterFailure(1, retryAfter: null, random));

    [Fact]
    public void Kinto_WithoutRetries_WaitsForItsTimer() => Assert.Equal(600, new KintoClient(600, retries: 0).AfterFailure(1, RetryAfter, random));

    [Theory]
    [InlineData(1, 600, 600)]
    [InlineData(2, 600, 600)]
    [InlineData(3, 3 * 900, 3 * 1800)]
    [InlineData(1000, 8 * 3600, 8 * 3600)]
    public void Firefox_NobodyAnswers_BacksOffFromTheThirdFailureOn(int failures, int least, int most) =>
        Assert.All(Enumerable.Range(0, 100), _ => Assert.InRange(new FirefoxClient(600).AfterFailure(failures, retryAfter: null, random), least, most));

    [Fact]
    public void Firefox_Refused_BacksOffAtOnceAndForAsLongAsItIsTold()
    {
        Assert.InRange(new FirefoxClient(600).AfterFailure(1, RetryAfter, random), 900, 1800);
        Assert.Equal(40_000, new FirefoxClient(600).AfterFailure(1, 40_000, random));
    }

    [Fact]
    public void Stream_Broken_ConnectsWithinOneAndAHalfTimesWhatItWasTold_ButPollsOnceRefused()
    {
        var client = new StreamClient(600, retryTime: 4);

        Assert.All(Enumerable.Range(0, 100), _ => Assert.InRange(client.AfterFailure(1, retryAfter: null, random), 2, 6));
        Assert.InRange(client.AfterFailure(1, RetryAfter, random), 1, 600);
        Assert.Null(client.AfterAnswer());
    }
}
