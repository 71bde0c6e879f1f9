using Lockstep.Silo.Telemetry;

namespace Lockstep.Gateway.Protocol;

public sealed class TelemetryOptionsTests
{
    private static readonly TelemetryOptions Good = new() { OtlpEndpoint = "http://127.0.0.1:4317" };

    [Fact]
    public void Defaults_SendNothing_AndAreRight()
    {
        Assert.False(new TelemetryOptions().IsOn);
        Assert.Empty(new TelemetryOptions().Problems());
        Assert.Empty((Good with { Protocol = "http/protobuf", TraceRatio = 0.1, OtlpEndpoint = "https://otlp.example.org/lockstep" }).Problems());
        Assert.True(Good.IsOn);
        Assert.False(Good.Traces);
    }

    [Theory]
    [InlineData("127.0.0.1:4317")]
    [InlineData("collector")]
    [InlineData("unix:/run/otlp.sock")]
    [InlineData("http://user:n0b0dys@127.0.0.1:4317")]
    [InlineData("http://127.0.0.1:4317/?token=n0b0dys")]
    public void Endpoint_ThatIsNone_IsAProblem_AndNotRepeated(string endpoint)
    {
        var problem = Assert.Single((Good with { OtlpEndpoint = endpoint }).Problems());
        Assert.Contains("Telemetry:OtlpEndpoint", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("n0b0dys", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_ThatCannotBe_AreProblems()
    {
        Assert.Contains("OtlpEndpoint", Assert.Single(new TelemetryOptions { TraceRatio = 1 }.Problems()), StringComparison.Ordinal);
    }
}
