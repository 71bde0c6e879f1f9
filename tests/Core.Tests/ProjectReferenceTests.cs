using Lockstep.Core.Owner;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.Sqlite;

namespace Lockstep.Core.Tests;

/// <summary>The direction of dependencies, so that a wrong reference fails here and not in a review.</summary>
public sealed class ProjectReferenceTests
{
    [Fact]
    public void Core_ReferencesNothingButTheFramework()
    {
        var references = typeof(InProcessBuckets).Assembly.GetReferencedAssemblies().Select(name => name.Name!);

        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(SqliteDatabase), "Microsoft.Data.Sqlite")]
    [InlineData(typeof(PostgresDatabase), "Npgsql")]
    public void Storage_ReferencesCoreAndItsDriverOnly(Type engine, string driver)
    {
        var references = engine.Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && !name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal));

        Assert.Equal(["Lockstep.Core", driver], references.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(typeof(Lockstep.Gateway.Http.Admission), "Lockstep.Core")]
    [InlineData(typeof(Lockstep.Gateway.Kinto.KintoOptions), "Lockstep.Core", "Lockstep.Gateway")]
    public void Gateways_ReferenceCoreAndWhatIsNoProtocolOnly(Type part, params string[] allowed)
    {
        var references = part.Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal)
                && !name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) && !name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal)
                && name is not "Microsoft.Net.Http.Headers");

        Assert.Equal(allowed, references.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void OpenTelemetry_IsKnownToOneRoomOnly()
    {
        const System.Reflection.BindingFlags all =
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public;
        var users = typeof(Program).Assembly.GetTypes()
            .Where(type => Knows(type.BaseType) || type.GetFields(all).Any(field => Knows(field.FieldType))
                || type.GetMethods(all).Any(method => Knows(method.ReturnType) || method.GetParameters().Any(parameter => Knows(parameter.ParameterType))))
            .Select(type => type.Namespace)
            .Distinct(StringComparer.Ordinal);

        Assert.Equal(["Lockstep.Silo.Telemetry"], users);

        static bool Knows(Type? type) => type?.Assembly.GetName().Name!.StartsWith("OpenTelemetry", StringComparison.Ordinal) == true;
    }
}
