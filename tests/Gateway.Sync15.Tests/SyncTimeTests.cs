using System.Globalization;
using CsCheck;
using Lockstep.Core.Time;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Seconds with decimals, read and written without floating-point numbers.</summary>
public sealed class SyncTimeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.00", 0)]
    [InlineData("1234.5", 1_234_500)]
    [InlineData("1388635807.41", 1_388_635_807_410)]
    [InlineData("1388635807.419999", 1_388_635_807_419)]
    [InlineData("1.", 1_000)]
    [InlineData("999999999999999.99", 999_999_999_999_999_990)]
    public void Text_OfDigits_IsExact(string text, long milliseconds)
    {
        Assert.True(SyncTime.TryParse(text, out var stamp));
        Assert.Equal(milliseconds, stamp.Milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData(".5")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData(" 1")]
    [InlineData("1.2.3")]
    [InlineData("1,5")]
    [InlineData("9999999999999999")]
    [InlineData("\u0661")]
    public void Text_OfAnythingElse_IsRefused(string? text) => Assert.False(SyncTime.TryParse(text, out _));

    [Fact]
    public void Stamp_WrittenAndRead_IsTheSame() => Gen.Long[0, 99_999_999_999].Sample(hundredths =>
    {
        var stamp = new ServerTimestamp(hundredths * 10);
        var text = SyncTime.Text(stamp);
        Assert.Matches("^[0-9]+[.][0-9]{2}$", text);
        Assert.True(SyncTime.TryParse(text, out var back));
        Assert.Equal(stamp, back);

        // As JavaScript prints it: without zeros at the end.
        var shortest = (hundredths / 100m).ToString("0.##", CultureInfo.InvariantCulture);
        Assert.True(SyncTime.TryParse(shortest, out back));
        Assert.Equal(stamp, back);
    });

    [Fact]
    public void Bounds_FinerThanAStamp_PartTheSameStamps() => Gen.Select(Gen.Long[0, 1_000], Gen.Long[0, 1_000_000_0]).Sample((hundredths, micros) =>
    {
        var text = (micros / 1_000_000m).ToString("0.000000", CultureInfo.InvariantCulture);
        var (stamp, value) = (new ServerTimestamp(hundredths * 10), hundredths / 100m);
        Assert.True(SyncTime.TryParse(text, out var lower));
        Assert.True(SyncTime.TryParse(text, out var upper, roundsUp: true));
        Assert.Equal(value > micros / 1_000_000m, stamp > lower);
        Assert.Equal(value < micros / 1_000_000m, stamp < upper);
    });
}
