# The image of gateways and silos (one program):
#   docker build --build-arg COMMIT=$(git rev-parse HEAD) -t lockstep:0.2.0 .
# What is built runs on any processor, so the first stage runs on the builder's own.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source

# What restore reads, before the rest: the packages are fetched again only when one of these changes.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Core/Core.csproj src/Core/
COPY src/Gateway/Gateway.csproj src/Gateway/
COPY src/Gateway.Console/Gateway.Console.csproj src/Gateway.Console/
COPY src/Gateway.Kinto/Gateway.Kinto.csproj src/Gateway.Kinto/
COPY src/Gateway.Sync11/Gateway.Sync11.csproj src/Gateway.Sync11/
COPY src/Gateway.Sync15/Gateway.Sync15.csproj src/Gateway.Sync15/
COPY src/Gateway.Syncto/Gateway.Syncto.csproj src/Gateway.Syncto/
COPY src/Gateway.FirefoxAccounts/Gateway.FirefoxAccounts.csproj src/Gateway.FirefoxAccounts/
COPY src/Grains/Grains.csproj src/Grains/
COPY src/Import.Kinto/Import.Kinto.csproj src/Import.Kinto/
COPY src/Import.ServerFull/Import.ServerFull.csproj src/Import.ServerFull/
COPY src/Import.SyncStorage/Import.SyncStorage.csproj src/Import.SyncStorage/
COPY src/Interchange/Interchange.csproj src/Interchange/
COPY src/Silo/Silo.csproj src/Silo/Container.props src/Silo/
COPY src/Storage.PostgreSql/Storage.PostgreSql.csproj src/Storage.PostgreSql/
COPY src/Storage.S3/Storage.S3.csproj src/Storage.S3/
COPY src/Storage.Sqlite/Storage.Sqlite.csproj src/Storage.Sqlite/
COPY src/Storage.Upkeep/Storage.Upkeep.csproj src/Storage.Upkeep/
RUN dotnet restore src/Silo

COPY . .
# What /v1/__version__ says; .git is not copied.
ARG COMMIT=
RUN dotnet publish src/Silo -c Release --no-restore -p:UseAppHost=false -p:SourceRevisionId=$COMMIT -o /app
# The next image has no command that makes a directory.
RUN mkdir /data

# No shell, no package manager. The patch release is whichever is newest at the build: build anew for its security fixes.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app .
# For SQLite's data, where a volume is mounted: an empty volume takes over whose directory it is.
COPY --from=build --chown=1654:1654 /data /var/lib/lockstep
# The second one is only what the base image would say otherwise: 8080.
ENV LOCKSTEP_URLS=http://*:8888 \
    ASPNETCORE_HTTP_PORTS=8888
EXPOSE 8888 11111 30000
# "app", as a number, so that runAsNonRoot can see that it is not root.
USER 1654
ENTRYPOINT ["dotnet", "/app/lockstep.dll"]
