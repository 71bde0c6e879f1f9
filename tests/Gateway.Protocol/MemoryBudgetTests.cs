using Lockstep.Silo.Hosting;
using Microsoft.Extensions.Configuration;

namespace Lockstep.Gateway.Protocol;

/// <summary>One budget, of which the others are shares unless they are set.</summary>
public sealed class MemoryBudgetTests
{
    private const long Gibibyte = 1L << 30;

    [Theory]
    [InlineData(0, 64 * Gibibyte, Gibibyte)]
    [InlineData(0, Gibibyte, Gibibyte / 2)]
    [InlineData(4 * Gibibyte, Gibibyte, 4 * Gibibyte)]
    [InlineData(1, Gibibyte, 1)]
    public void Budget_IsWhatIsSet_ElseHalfOfWhatThereIs(long set, long available, long budget) =>
        Assert.Equal(budget, MemoryBudget.Of(new LockstepOptions { MemoryBudgetBytes = set }, available));

    [Fact]
    public void Shares_OfTheGreatestDefault_AreTheDeclaredDefaults() =>
        Assert.Equal(new LockstepOptions().Http, MemoryBudget.Share(new LockstepOptions(), static _ => false, 2 * Gibibyte).Http);

    [Fact]
    public void Shares_OfAllThatNobodySet_FollowTheBudget()
    {
        var shared = MemoryBudget.Share(new LockstepOptions { MemoryBudgetBytes = Gibibyte / 2 }, static _ => false, Gibibyte);

        Assert.Equal(
            (Gibibyte / 8, Gibibyte / 8, Gibibyte / 8, Gibibyte / 8, Gibibyte / 32),
            (shared.Http.MaxBufferedBytes, shared.Http.MaxAnswerBytes, shared.Buckets.MaxQueuedBytesInProcess, shared.Buckets.MaxWorkBytes, shared.Buckets.MaxSortedBytes));
    }

    [Theory]
    [InlineData("Http:MaxBufferedBytes")]
    [InlineData("Http:MaxAnswerBytes")]
    [InlineData("Buckets:MaxQueuedBytesInProcess")]
    [InlineData("Buckets:MaxWorkBytes")]
    [InlineData("Buckets:MaxSortedBytes")]
    public void Setting_ThatIsSet_Stays(string name)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new($"{SettingNames.Section}:MemoryBudgetBytes", "536870912"),
            new($"{SettingNames.Section}:{name}", "99999999"),
        ]).Build();

        Assert.Equal(99_999_999L, Setting.Of(LockstepSettings.Read(configuration)).Single(setting => setting.Name == name).Value);
    }

    /// <summary>However little there is, the server starts.</summary>
    [Fact]
    public void Budget_ThatIsTiny_IsNoProblem()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new($"{SettingNames.Section}:MemoryBudgetBytes", "1")]).Build();

        Assert.Equal(4L * (16 << 20), LockstepSettings.Read(configuration).Http.MaxBufferedBytes);
    }
}
